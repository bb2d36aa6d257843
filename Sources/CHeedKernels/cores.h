// How many threads this process should use. Private to CHeedKernels.

#ifndef HEED_CORES_H
#define HEED_CORES_H

enum { HEED_MAXIMUM_THREADS = 256 };

// HEED_THREADS, else the smaller of the available cores and the cgroup quota (rounded up): 1 … HEED_MAXIMUM_THREADS.
int heed_default_thread_count(void);
// Whole cores that the cgroup quota amounts to, rounded up, as files below `root` tell it; INT_MAX without a quota.
int heed_cpu_quota_below(const char *root);

#endif
