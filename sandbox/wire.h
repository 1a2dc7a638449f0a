/*
 * The wire between the launcher and the dyno's init: a SOCK_SEQPACKET pair, one fixed-size message a packet,
 * some with a descriptor (unix(7), SCM_RIGHTS). Init is indyno's own code, but the launcher still checks
 * sizes, indices and statuses, and takes any time.
 */
#ifndef INDYNO_WIRE_H
#define INDYNO_WIRE_H

#include <stdint.h>

#include "base/error.h"

enum wire_kind {
    /* launcher to init */
    WIRE_MOUNTS, /* descriptors of what the launcher made of the root; text: the place of each (root.h) */
    WIRE_GROUPS, /* value: the cgroups' version; descriptors of their leaves, as cgroup_send has them */
    WIRE_GO,     /* ids are mapped */
    WIRE_SIGNAL, /* value: forward this signal to the step */
    WIRE_FORBID, /* text: a range of addresses that has become the host's own */
    /* launcher to janitor, besides WIRE_DONE; it answers WIRE_GO or WIRE_ERROR where it has to move */
    WIRE_CLAIM, /* index: slot; descriptors of the state folder and the locked file */
    WIRE_WATCH, /* descriptor of a process to kill */
    /* both */
    WIRE_NETWORK, /* init: there is an interface; later: pasta is needed no more, which the launcher answers */
    /* init to launcher */
    WIRE_TIMING,          /* text: name of what is done, at_us */
    WIRE_MOUNT_WAY,       /* index: mount; text: how a COW was made */
    WIRE_KEPT,            /* index: mount; a descriptor of it */
    WIRE_SERVICE_STARTED, /* index, at_us */
    WIRE_SERVICE_READY,   /* index, at_us */
    WIRE_SERVICE_ENDED,   /* index, at_us, value: wait status (WIRE_ALIVE: was still up), usage_us */
    WIRE_SERVICE_LOG,     /* index, text: end of its log */
    WIRE_SERVICE_MARKED,  /* index, text: lines of its log that have its mark */
    WIRE_STEP_STARTED,    /* index, at_us */
    WIRE_STEP_FAILED,     /* index, value: errno of execve */
    WIRE_STEP_ENDED,      /* index, at_us, value: wait status, usage_us */
    WIRE_DISK,            /* after a step. value: set of enum wire_disk; usage_us: bytes that are used */
    WIRE_ERROR,           /* value: exit status, text: message, NUL, remedy */
    WIRE_DONE,            /* the last step has ended */
};

enum wire_disk { WIRE_NO_BLOCKS = 1 << 0, WIRE_NO_INODES = 1 << 1 };

enum { WIRE_TEXT_MAX = 4096, WIRE_FDS_MAX = 64, WIRE_ALIVE = -1 };

struct wire_message {
    uint32_t kind, index;
    int64_t at_us; /* CLOCK_MONOTONIC, microseconds */
    int64_t usage_us;
    int32_t value;
    uint32_t text_size;
    char text[WIRE_TEXT_MAX];
};

/* Makes the pair; both ends O_CLOEXEC. */
int wire_pair(int ends[2], struct error *err);

/* Sends a message, with descriptor fd unless it is -1. Returns 0, or -1 with errno (EPIPE: the other end is
 * gone). */
int wire_send_fd(int wire, const struct wire_message *message, int fd);
int wire_send_fds(int wire, const struct wire_message *message, const int *fds, size_t count);
int wire_send(int wire, uint32_t kind, uint32_t index, int32_t value, const char *text);

/* Receives one; *fd is the caller's to close, or -1. Returns 1, 0 at the end of the stream, -1 with errno.
 * text is always NUL-terminated. */
int wire_receive(int wire, struct wire_message *message, int *fd);

/* The same with all of its descriptors; fds has room for WIRE_FDS_MAX. */
int wire_receive_fds(int wire, struct wire_message *message, int *fds, size_t *count);

/* Sends an error as WIRE_ERROR; and makes err of one that came, always returning -1. */
void wire_send_error(int wire, const struct error *err);
int wire_take_error(const struct wire_message *message, struct error *err);

int64_t wire_now_us(void);

/* What poll(2) is to wait until deadline_us of wire_now_us: ms, rounded up; 0: it is over; -1: deadline_us is 0, none. */
int wire_wait_ms(int64_t deadline_us);

#endif
