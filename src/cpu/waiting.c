/*
 * waiting.c - threads without work sleep instead of spinning.
 *
 * OpenMP. After a parallel region, and at each barrier, libgomp's threads look 300,000
 * times whether there is work before they sleep: 3 to 14 ms of a core that another
 * thread, of this process or another, could have had. It reads OMP_WAIT_POLICY and
 * GOMP_SPINCOUNT before main, so a library cannot set them. But where a process has
 * more OpenMP threads than it may use processors, libgomp's threads look only 100
 * times, about a microsecond (its manual, "GOMP_SPINCOUNT"). So each process gets a few
 * threads more, in a region where they sleep until it ends. A user who sets one of the
 * two variables still decides. With other OpenMP libraries they change nothing. They
 * end with the process, so a program whose main thread leaves by pthread_exit has to
 * call exit when it is done.
 *
 * OpenBLAS. Its build with threads makes one for each processor when it is loaded, and
 * they spin for up to 100 ms. Products are not split there (backend_cpu.c), so these
 * threads are ended.
 */
#include <dirent.h>
#include <omp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cblas.h>

#include "cpu/cpu.h"

/* What OpenBLAS itself does before each fork; no header declares it, and its build
 * without threads has none. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

static int threads_of_process(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return 0;
    for (const struct dirent *one; (one = readdir(tasks));)
        count += *one->d_name != '.';
    closedir(tasks);
    return count;
}

void cpu_use_one_blas_thread(void)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    /* Setting the number again would make the threads again. */
    if (atomic_flag_test_and_set(&done) && openblas_get_num_threads() == 1) return;
    /* Another thread of the program could be in the middle of a product. */
    const int alone = threads_of_process() == openblas_get_num_threads();
    openblas_set_num_threads(1);
    if (alone && blas_thread_shutdown_) blas_thread_shutdown_();
}

/* Fewer threads than processors take more sleepers; beyond this many, there are
 * processors to spare for threads that spin. */
enum { SLEEPERS_MAX = 8 };

typedef struct {
    int   threads;
    sem_t counted;
} sleepers;

/* They never leave the region, so that libgomp goes on counting them. */
static void *sleep_for_ever(void *opaque)
{
    sleepers *s = opaque;
#pragma omp parallel num_threads(s->threads)
    {
        if (omp_get_thread_num() == 0) sem_post(&s->counted);
        for (;;) pause();
    }
    return NULL;
}

/* Signals are for the threads of the program, but what is meant to end it does so even
 * where its other threads have gone. */
static int start(sleepers *s)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    for (size_t k = 0; k < sizeof ends / sizeof *ends; ++k) sigdelset(&all, ends[k]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&thread, NULL, sleep_for_ever, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) pthread_detach(thread);
    return !failed;
}

void cpu_wait_asleep(int threads)
{
    static atomic_int made; /* the largest team of sleepers of this process */
    /* libgomp counts the first thread of the program's team, but of no other:
     * threads + sleepers - 1 > processors. */
    const int enough = omp_get_num_procs() - threads + 2;
    sleepers s = {.threads = enough > 2 ? enough : 2};
    int before = atomic_load(&made);
    do {
        if (threads == 1 || s.threads > SLEEPERS_MAX || before >= s.threads) return;
    } while (!atomic_compare_exchange_weak(&made, &before, s.threads));
    if (sem_init(&s.counted, 0, 0)) return;
    if (start(&s))
        while (sem_wait(&s.counted)) {}
    sem_destroy(&s.counted);
}
