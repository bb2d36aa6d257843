// Drives the thread pool: every index exactly once, from many callers, nested, for 1 … 16 threads; and times it.
// Usage: pool_test. Exits with 1 when something is wrong.

#include "cores.h"
#include "heed_kernels.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void expect(bool condition, const char *what) {
    if (!condition) {
        printf("FAILED: %s\n", what);
        failures++;
    }
}

enum { COUNT = 1000, CALLERS = 6, ROUNDS = 200 };

typedef struct {
    int32_t seen[COUNT]; // not atomic: each index belongs to one thread, and the pool orders it before the return
    bool nested;
} tally;

static void inner_task(void *context, int64_t index) {
    ((int32_t *)context)[index]++;
}

static void count_task(void *context, int64_t index) {
    tally *t = context;
    t->seen[index]++;
    if (t->nested && index % 100 == 0) {
        int32_t inner[7] = {0};
        heed_parallel(7, inner_task, inner);
        for (int i = 0; i < 7; i++)
            t->seen[index] += inner[i] - 1;
    }
}

static bool one_round(int64_t count, bool nested) {
    tally *t = calloc(1, sizeof *t);
    t->nested = nested;
    heed_parallel(count, count_task, t);
    bool right = true;
    for (int64_t i = 0; i < COUNT; i++)
        right = right && t->seen[i] == (i < count);
    free(t);
    return right;
}

static void *caller(void *wrong) {
    for (int round = 0; round < ROUNDS; round++)
        if (!one_round(round % 7 == 0 ? round % 3 : COUNT - round, round % 2 == 0))
            atomic_fetch_add((_Atomic int *)wrong, 1);
    return NULL;
}

static void many_callers(void) {
    _Atomic int wrong = 0;
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, caller, &wrong);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    expect(wrong == 0, "every index runs exactly once with many callers");
}

static void empty_task(void *context, int64_t index) {
    (void)context, (void)index;
}

static void spin_task(void *context, int64_t index) {
    (void)index;
    volatile int64_t *work = context;
    for (int64_t i = 0; i < *work; i++)
        __asm__ volatile("");
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void timing(int threads) {
    enum { SAMPLES = 2000 };
    static double samples[SAMPLES];
    for (int kind = 0; kind < 2; kind++) {
        int64_t work = 20000; // about 10 µs
        for (int i = 0; i < SAMPLES; i++) {
            double start = seconds();
            heed_parallel(kind == 0 ? 2 : 16, kind == 0 ? empty_task : spin_task, &work);
            samples[i] = seconds() - start;
        }
        qsort(samples, SAMPLES, sizeof samples[0], by_size);
        printf("%2d threads, %s: median %7.2f µs, 99 %% %8.2f µs, worst %9.2f µs\n", threads,
               kind == 0 ? " 2 empty tasks" : "16 small tasks", 1e6 * samples[SAMPLES / 2],
               1e6 * samples[SAMPLES * 99 / 100], 1e6 * samples[SAMPLES - 1]);
    }
}

static void sleeping_costs_nothing(void) {
    heed_set_thread_count(8);
    heed_parallel(100, empty_task, NULL);
    usleep(5000);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    usleep(200000);
    getrusage(RUSAGE_SELF, &after);
    double used = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                  1e-6 * (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec);
    expect(used < 0.02, "idle workers sleep");
}

static void wakeups_are_counted(void) {
    heed_set_thread_count(3);
    uint64_t before = heed_pool_wakeups();
    heed_parallel(1, empty_task, NULL);
    expect(heed_pool_wakeups() == before, "a job of one task wakes nobody");
    for (int i = 0; i < 10; i++)
        one_round(COUNT, true);
    expect(heed_pool_wakeups() == before + 10, "each job wakes the pool once, nested ones do not");
    heed_set_thread_count(1);
    one_round(COUNT, true);
    expect(heed_pool_wakeups() == before + 10, "one thread wakes nobody");
}

static void children_of_fork_compute(void) {
    heed_set_thread_count(4);
    one_round(COUNT, false);
    pid_t child = fork();
    if (child == 0)
        _exit(one_round(COUNT, true) ? 0 : 1);
    int status = 1;
    waitpid(child, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the pool works in a child of fork");
}

static void scratch_is_aligned(void) {
    for (size_t bytes = 0; bytes < 1 << 20; bytes = bytes * 3 + 1) {
        char *memory = heed_thread_scratch(bytes);
        expect(memory && (uintptr_t)memory % 64 == 0, "scratch is aligned");
        memset(memory, 1, bytes);
    }
    expect(heed_thread_scratch(SIZE_MAX - 10) == NULL, "impossible scratch is refused");
    expect(heed_thread_scratch(8) != NULL, "scratch works after a refusal");
}

// MARK: Quotas

static void write_below(const char *root, const char *path, const char *text) {
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *slash = strchr(name + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(name, 0700);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    expect(file && fputs(text, file) >= 0 && fclose(file) == 0, "a file of the test can be written");
}

// Control groups of both versions, as a container or a service manager sets them up.
static void quotas_are_found(void) {
    static const struct {
        const char *groups, *path, *text, *path2, *text2;
        int cores;
    } cases[] = {
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "50000 100000\n", NULL, NULL, 1}, // half a core
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "150000 100000\n", NULL, NULL, 2},
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "max 100000\n", NULL, NULL, INT_MAX},
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "nonsense\n", NULL, NULL, INT_MAX},
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "-1 0\n", NULL, NULL, INT_MAX},
        {"0::/\n", "/sys/fs/cgroup/cpu.max", "9000000000000000000 1\n", NULL, NULL, INT_MAX},
        // The limit of an ancestor holds, and the smallest counts.
        {"0::/a/b\n", "/sys/fs/cgroup/a/cpu.max", "300000 100000\n", "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n", 3},
        {"0::/a/b\n", "/sys/fs/cgroup/a/cpu.max", "300000 100000\n", "/sys/fs/cgroup/a/b/cpu.max", "200000 100000\n",
         2},
        // The path of the host, which does not exist inside a container.
        {"0::/host/only\n", "/sys/fs/cgroup/cpu.max", "100000 100000\n", NULL, NULL, 1},
        {"3:memory:/x\n2:cpu,cpuacct:/x\n", "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "400000\n",
         "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n", 4},
        {"2:cpu,cpuacct:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
         "100000\n", INT_MAX},
        {"3:cpuset:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
         "100000\n", INT_MAX},
        {"\n:\n::\nnonsense", "/sys/fs/cgroup/cpu.max", "", NULL, NULL, INT_MAX},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char root[] = "/tmp/heed-quota-XXXXXX", command[64];
        expect(mkdtemp(root) != NULL, "a folder of the test can be made");
        expect(heed_cpu_quota_below(root) == INT_MAX, "no file, no quota");
        write_below(root, "/proc/self/cgroup", cases[n].groups);
        write_below(root, cases[n].path, cases[n].text);
        if (cases[n].path2)
            write_below(root, cases[n].path2, cases[n].text2);
        const int cores = heed_cpu_quota_below(root);
        if (cores != cases[n].cores)
            printf("FAILED: quota %zu: %d cores\n", n, cores), failures++;
        snprintf(command, sizeof command, "rm -r %s", root);
        expect(system(command) == 0, "a folder of the test can be removed");
    }
}

// With an argument it leaves out what an emulator cannot do or would make meaningless.
int main(int count, char **arguments) {
    (void)arguments;
    printf("threads by default: %d\n", heed_thread_count());
    for (int threads = 1; threads <= 16; threads++) {
        heed_set_thread_count(threads);
        expect(heed_thread_count() == threads, "the number of threads is as set");
        many_callers();
    }
    wakeups_are_counted();
    scratch_is_aligned();
    quotas_are_found();
    // The thread sanitizer and qemu-user follow no fork, and their figures would mean nothing.
    if (count == 1 && !__has_feature(thread_sanitizer)) {
        children_of_fork_compute();
        sleeping_costs_nothing();
        const int counts[] = {1, 2, 4, 8, 16};
        for (int i = 0; i < 5; i++) {
            heed_set_thread_count(counts[i]);
            timing(counts[i]);
        }
    }
    printf(failures ? "%d failures\n" : "pool: all right\n", failures);
    return failures != 0;
}
