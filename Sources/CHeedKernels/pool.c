// The thread pool: one job at a time, whose indices the workers and the caller take from one counter.
//
// Everything a worker must know about a job hangs on one 32-bit word, the gate: whether a job is open, how many workers
// are inside it, and its number. A worker enters by a compare-and-swap on an open gate, so that one that wakes late
// finds the gate closed and touches nothing of a job that is over; the caller therefore waits for those who entered,
// never for those who still sleep. With more threads than cores this is what keeps the pool from crawling.
//
// A process that forks has no workers in the child: the pool starts again there. A task must not fork and return.

#include "cores.h"
#include "heed_kernels.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    INSIDE_MASK = 0x1ff, // workers inside the job: up to HEED_MAXIMUM_THREADS − 1
    OPEN = 0x200,
    CALLER_SLEEPS = 0x400,
    NUMBER_STEP = 0x800, // the rest counts jobs; it may wrap
    NUMBER_MASK = (int)~(INSIDE_MASK | OPEN | CALLER_SLEEPS),
    SPIN_NANOSECONDS = 50000,
    SPINS_BETWEEN_LOOKS = 32, // reading the clock costs as much as this many pauses
    WAKE_WORKERS = 1,
    WAKE_CALLER = 2,
};

static _Atomic uint32_t gate;
static _Atomic int sleepers;
static _Atomic bool stopping;
static _Atomic uint64_t wakeups;

// The job. Written while the gate is closed and nobody is inside; read after entering.
static heed_task job_task;
static void *job_context;
static int64_t job_count;
static _Atomic int64_t job_next;

// Held by the caller whose job it is, and by whoever starts or stops workers.
static _Atomic bool busy;
static int workers; // guarded by `busy`
static pthread_t worker_threads[HEED_MAXIMUM_THREADS];

static _Atomic int thread_count; // 0 until asked for
static _Atomic bool crowded;     // more threads than cores: a spinning thread may be in the way of a working one
static _Thread_local bool inside_job;

// MARK: Waiting

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
    if (atomic_load_explicit(&crowded, memory_order_relaxed))
        sched_yield();
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_while(uint32_t value, uint32_t who) {
    syscall(SYS_futex, &gate, FUTEX_WAIT_BITSET_PRIVATE, value, NULL, NULL, who);
}

static void wake(int count, uint32_t who) {
    syscall(SYS_futex, &gate, FUTEX_WAKE_BITSET_PRIVATE, count, NULL, NULL, who);
}

static inline bool is_new(uint32_t state, uint32_t done) {
    return (state & OPEN) != 0 && ((state ^ done) & (uint32_t)NUMBER_MASK) != 0;
}

// MARK: Workers

static void take_indices(void) {
    heed_task task = job_task;
    void *context = job_context;
    int64_t count = job_count;
    inside_job = true;
    for (;;) {
        int64_t index = atomic_fetch_add_explicit(&job_next, 1, memory_order_relaxed);
        if (index >= count)
            break;
        task(context, index);
    }
    inside_job = false;
}

// Returns the state of the gate when there is a job that this worker has not seen, or when it is to stop.
static uint32_t wait_for_job(uint32_t done) {
    int64_t give_up = nanoseconds() + SPIN_NANOSECONDS;
    for (int spins = 1;; spins++) {
        uint32_t state = atomic_load_explicit(&gate, memory_order_acquire);
        if (is_new(state, done) || atomic_load_explicit(&stopping, memory_order_acquire))
            return state;
        if (spins % SPINS_BETWEEN_LOOKS == 0 && nanoseconds() >= give_up)
            break;
        pause_briefly();
    }
    for (;;) {
        // Counted before looking again: a caller who opens the gate later sees this sleeper, and one who opened
        // it earlier has changed the word, on which the kernel refuses to sleep.
        atomic_fetch_add(&sleepers, 1);
        uint32_t state = atomic_load(&gate);
        bool awake = is_new(state, done) || atomic_load(&stopping);
        if (!awake)
            sleep_while(state, WAKE_WORKERS);
        atomic_fetch_sub(&sleepers, 1);
        if (awake)
            return state;
    }
}

static void leave(void) {
    uint32_t before = atomic_fetch_sub_explicit(&gate, 1, memory_order_acq_rel);
    if ((before & CALLER_SLEEPS) && (before & INSIDE_MASK) == 1)
        wake(1, WAKE_CALLER);
}

static void *work(void *seen) {
    uint32_t done = (uint32_t)(uintptr_t)seen;
    for (;;) {
        uint32_t state = wait_for_job(done);
        if (atomic_load_explicit(&stopping, memory_order_acquire))
            return NULL;
        while (is_new(state, done)) {
            if (!atomic_compare_exchange_weak_explicit(&gate, &state, state + 1, memory_order_acq_rel,
                                                       memory_order_acquire))
                continue;
            done = state;
            take_indices();
            leave();
            break;
        }
    }
}

// MARK: Starting and stopping

static void after_fork_in_child(void) {
    workers = 0;
    atomic_store(&gate, 0);
    atomic_store(&sleepers, 0);
    atomic_store(&stopping, false);
    atomic_store(&busy, false);
}

static void watch_for_forks(void) {
    pthread_atfork(NULL, NULL, after_fork_in_child);
}

static void start_workers(int count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_for_forks);
    // They count as having seen the job that is over, not the one that the caller is about to open.
    void *seen = (void *)(uintptr_t)atomic_load(&gate);
    while (workers < count && pthread_create(&worker_threads[workers], NULL, work, seen) == 0)
        workers++;
}

static void stop_workers(void) {
    atomic_store(&stopping, true);
    atomic_fetch_add(&gate, NUMBER_STEP);
    wake(HEED_MAXIMUM_THREADS, WAKE_WORKERS);
    for (; workers > 0; workers--)
        pthread_join(worker_threads[workers - 1], NULL);
    atomic_store(&stopping, false);
}

int heed_thread_count(void) {
    int count = atomic_load_explicit(&thread_count, memory_order_acquire);
    if (count != 0)
        return count;
    int chosen = heed_default_thread_count();
    if (!atomic_compare_exchange_strong(&thread_count, &count, chosen))
        return count;
    atomic_store(&crowded, chosen > heed_available_cores());
    return chosen;
}

void heed_set_thread_count(int count) {
    if (inside_job)
        return; // it would wait for itself
    if (count < 1)
        count = 1;
    if (count > HEED_MAXIMUM_THREADS)
        count = HEED_MAXIMUM_THREADS;
    while (atomic_exchange(&busy, true))
        sched_yield();
    atomic_store(&thread_count, count);
    atomic_store(&crowded, count > heed_available_cores());
    if (workers > 0 && workers != count - 1)
        stop_workers();
    atomic_store_explicit(&busy, false, memory_order_release);
}

uint64_t heed_pool_wakeups(void) {
    return atomic_load(&wakeups);
}

// MARK: Jobs

bool heed_inside_job(void) {
    return inside_job;
}

static void run_alone(int64_t count, heed_task task, void *context) {
    // A job of one task leaves the pool to whatever that task calls.
    bool outer = inside_job;
    inside_job = outer || count > 1;
    for (int64_t index = 0; index < count; index++)
        task(context, index);
    inside_job = outer;
}

static void open_gate(int64_t count) {
    uint32_t state = atomic_load_explicit(&gate, memory_order_relaxed);
    atomic_store(&gate, ((state & (uint32_t)NUMBER_MASK) + NUMBER_STEP) | OPEN);
    int64_t wanted = count - 1 < workers ? count - 1 : workers;
    if (atomic_load(&sleepers) > 0)
        wake((int)wanted, WAKE_WORKERS);
}

static void close_gate_and_wait(void) {
    uint32_t state = atomic_fetch_and_explicit(&gate, ~(uint32_t)OPEN, memory_order_acq_rel);
    if ((state & INSIDE_MASK) == 0)
        return;
    int64_t give_up = nanoseconds() + SPIN_NANOSECONDS;
    for (int spins = 1;; spins++) {
        if ((atomic_load_explicit(&gate, memory_order_acquire) & INSIDE_MASK) == 0)
            return;
        if (spins % SPINS_BETWEEN_LOOKS == 0 && nanoseconds() >= give_up)
            break;
        pause_briefly();
    }
    state = atomic_fetch_or(&gate, CALLER_SLEEPS) | CALLER_SLEEPS;
    for (; (state & INSIDE_MASK) != 0; state = atomic_load(&gate))
        sleep_while(state, WAKE_CALLER);
}

void heed_parallel(int64_t count, heed_task task, void *context) {
    int threads = count > 1 ? heed_thread_count() : 1;
    if (threads == 1 || inside_job || atomic_exchange_explicit(&busy, true, memory_order_acquire)) {
        run_alone(count, task, context);
        return;
    }
    threads = heed_thread_count(); // it may have changed before the pool was ours
    if (workers < threads - 1)
        start_workers(threads - 1);
    job_task = task;
    job_context = context;
    job_count = count;
    atomic_store_explicit(&job_next, 0, memory_order_relaxed);
    if (workers > 0)
        atomic_fetch_add_explicit(&wakeups, 1, memory_order_relaxed);
    open_gate(count);
    take_indices();
    close_gate_and_wait();
    atomic_store_explicit(&busy, false, memory_order_release);
}
