/* What System V and POSIX share by name: the host's has to be out of reach. */
#include "inside.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *shared_memory(void)
{
    int key = prepared_number("key");
    return key < 0 ? NULL : result_of(shmget(key, 0, 0));
}

static const char *semaphores(void)
{
    int key = prepared_number("key");
    return key < 0 ? NULL : result_of(semget(key, 0, 0));
}

static const char *message_queue(void)
{
    int key = prepared_number("key");
    return key < 0 ? NULL : result_of(msgget(key, 0));
}

static const char *posix_queue(void)
{
    const char *name = prepared("queue");
    return name ? result_of(syscall(SYS_mq_open, name, O_RDONLY, 0, NULL)) : NULL;
}

const struct attack ipc_attacks[] = {
    {"shared-memory", BOTH, "to find the host's System V shared memory", "ENOENT", shared_memory},
    {"semaphores", BOTH, "to find the host's System V semaphores", "ENOENT", semaphores},
    {"message-queue", STEP, "to find the host's System V message queue", "ENOENT", message_queue},
    {"posix-queue", STEP, "to find the host's POSIX message queue", "ENOENT", posix_queue},
    {0},
};
