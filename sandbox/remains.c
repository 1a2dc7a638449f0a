#include "remains.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "cgroup.h"

#define RECORD_KEY "process "

enum { STAT_MAX = 4096, FIELDS_TO_START = 19 }; /* of proc(5)'s stat, from the state on */

struct process {
    char state;
    unsigned long long started;
};

/* False where there is no such process. Its name, in parentheses, may have anything in it. */
static bool look_at(pid_t pid, struct process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    cleanup_free char *text = text_read_file(AT_FDCWD, path, STAT_MAX, NULL, NULL);
    const char *field = text ? strrchr(text, ')') : NULL;
    if (!field || sscanf(field, ") %c", &process->state) != 1)
        return false;
    for (int i = 0; field && i <= FIELDS_TO_START; i++)
        field = strchr(field + 1, ' ');
    if (!field)
        return false;
    char *end;
    process->started = strtoull(field, &end, 10);
    return end != field;
}

/* What proc(5) would say costs the launch some 40 us, and is not to be had more exactly than in ticks either. */
char *remains_of_process(pid_t pid)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    long ticks = sysconf(_SC_CLK_TCK);
    unsigned long long since_boot = (unsigned long long)now.tv_sec * (unsigned long long)ticks +
                                    (unsigned long long)now.tv_nsec * (unsigned long long)ticks / 1000000000;
    return text_format(RECORD_KEY "%d %llu\n", pid, since_boot);
}

static bool is_gone(const char *line)
{
    if (!text_starts(line, RECORD_KEY))
        return true;
    const char *number = line + strlen(RECORD_KEY);
    char *after_pid, *after_time;
    pid_t pid = (pid_t)strtol(number, &after_pid, 10);
    unsigned long long recorded = strtoull(after_pid, &after_time, 10);
    struct process process;
    if (after_pid == number || after_time == after_pid)
        return true;
    return !look_at(pid, &process) || process.started > recorded || process.state == 'Z' ||
           process.state == 'X';
}

bool remains_sweep(const char *record)
{
    cleanup_free char *copy = copy_string(record);
    char *rest = copy;
    bool gone = cgroup_sweep(record);
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        gone = is_gone(line) && gone;
    return gone;
}
