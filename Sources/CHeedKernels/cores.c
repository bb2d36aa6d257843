#include "cores.h"
#include "heed_kernels.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int heed_available_cores(void) {
    // The kernel refuses a mask shorter than its own, so the mask grows until it fits.
    for (int bits = 1024; bits <= 1 << 20; bits *= 2) {
        cpu_set_t *mask = CPU_ALLOC(bits);
        if (!mask)
            break;
        size_t bytes = CPU_ALLOC_SIZE(bits);
        int failed = sched_getaffinity(0, bytes, mask);
        int cores = failed ? 0 : CPU_COUNT_S(bytes, mask);
        bool too_short = failed && errno == EINVAL;
        CPU_FREE(mask);
        if (cores > 0)
            return cores;
        if (!too_short)
            break;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < INT_MAX ? (int)online : 1;
}

static int minimum(int a, int b) {
    return a < b ? a : b;
}

// Cores that a quota of `quota` microseconds in every `period` amounts to; no limit where either makes no sense.
static int cores_of_quota(long long quota, long long period) {
    if (quota <= 0 || period <= 0)
        return INT_MAX;
    long long cores = quota / period + (quota % period != 0);
    return cores < INT_MAX ? (int)cores : INT_MAX;
}

static bool read_line(const char *folder, const char *file, char *line, int size) {
    char path[2 * PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *stream = fopen(path, "re");
    if (!stream)
        return false;
    bool found = fgets(line, size, stream) != NULL;
    fclose(stream);
    return found;
}

static int quota_of_folder(const char *folder, bool version2) {
    char line[128];
    long long quota = 0, period = 0;
    if (version2) {
        // "max 100000" where there is no limit, which the pattern does not match.
        if (!read_line(folder, "cpu.max", line, sizeof line) || sscanf(line, "%lld %lld", &quota, &period) != 2)
            return INT_MAX;
        return cores_of_quota(quota, period);
    }
    if (!read_line(folder, "cpu.cfs_quota_us", line, sizeof line) || sscanf(line, "%lld", &quota) != 1)
        return INT_MAX;
    if (!read_line(folder, "cpu.cfs_period_us", line, sizeof line) || sscanf(line, "%lld", &period) != 1)
        return INT_MAX;
    return cores_of_quota(quota, period);
}

// A limit on any ancestor holds too. In a container the path may be the host's, and does not exist below the mount;
// the mount's root is then the container's own group, where this walk ends.
static int quota_along(const char *root, const char *mount, const char *group, bool version2) {
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s%s%s", root, mount, group);
    if (length < 0 || (size_t)length >= sizeof folder)
        return INT_MAX;
    size_t top = strlen(root) + strlen(mount);
    int cores = INT_MAX;
    for (;;) {
        cores = minimum(cores, quota_of_folder(folder, version2));
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= top || !slash || (size_t)(slash - folder) < top)
            return cores;
        *slash = '\0';
    }
}

// Whether `name` is one of the comma-separated `controllers`.
static bool lists(const char *controllers, const char *name) {
    size_t length = strlen(name);
    for (const char *at = controllers; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return true;
    }
    return false;
}

// The lines of /proc/self/cgroup are "number:controllers:path"; version 2 has the number 0 and no controllers.
int heed_cpu_quota_below(const char *root) {
    char line[PATH_MAX];
    if (snprintf(line, sizeof line, "%s/proc/self/cgroup", root) >= (int)sizeof line)
        return INT_MAX;
    FILE *stream = fopen(line, "re");
    if (!stream)
        return INT_MAX;
    int cores = INT_MAX;
    while (fgets(line, sizeof line, stream)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        if (*controllers == '\0') {
            cores = minimum(cores, quota_along(root, "/sys/fs/cgroup", group, true));
            cores = minimum(cores, quota_along(root, "/sys/fs/cgroup/unified", group, true));
        } else if (lists(controllers, "cpu")) {
            cores = minimum(cores, quota_along(root, "/sys/fs/cgroup/cpu", group, false));
            cores = minimum(cores, quota_along(root, "/sys/fs/cgroup/cpu,cpuacct", group, false));
        }
    }
    fclose(stream);
    return cores;
}

int heed_cpu_quota(void) {
    return heed_cpu_quota_below("");
}

// The number that HEED_THREADS names, 0 where it is not set, and -1 where it is no number of threads.
static int wished_threads(const char *wish) {
    if (!wish || !*wish)
        return 0;
    char *end;
    errno = 0;
    long count = strtol(wish, &end, 10);
    return errno == 0 && *end == '\0' && count >= 1 && count <= HEED_MAXIMUM_THREADS ? (int)count : -1;
}

const char *heed_threads_complaint(void) {
    const char *wish = getenv("HEED_THREADS");
    return wished_threads(wish) < 0 ? wish : NULL;
}

int heed_default_thread_count(void) {
    int wish = wished_threads(getenv("HEED_THREADS"));
    if (wish > 0)
        return wish;
    return minimum(minimum(heed_available_cores(), heed_cpu_quota()), HEED_MAXIMUM_THREADS);
}
