#include <pthread.h>
#include <stddef.h>

#include "parts.h"

static unsigned long sum;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        sum++;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

unsigned long sum_of_threads(unsigned threads)
{
    pthread_t all[16];
    unsigned started = 0;
    while (started < threads && started < 16 && pthread_create(&all[started], NULL, count, NULL) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(all[i], NULL);
    return sum;
}
