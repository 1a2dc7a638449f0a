/* What the attacks share; see inside.h. */
#include "inside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FACTS "/app/outside"

const char *told(const char *format, ...)
{
    static char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

const char *result_of(long returned)
{
    const char *name = returned < 0 ? strerrorname_np(errno) : "done";
    return name ? name : "an error without a name";
}

const char *refusal_of(long returned)
{
    static const int refusals[] = {EPERM, EACCES, EROFS, EINVAL, ENOSPC, ENOKEY, ENOSYS};
    for (size_t i = 0; returned < 0 && i < sizeof refusals / sizeof *refusals; i++)
        if (errno == refusals[i])
            return "refused";
    return result_of(returned);
}

void tally_add(struct tally *tally, const char *what, const char *happened)
{
    size_t used = strlen(tally->others);
    tally->count++;
    if (strcmp(happened, tally->should) != 0)
        snprintf(tally->others + used, sizeof tally->others - used, "%s%s: %s", used ? ", " : "", what,
                 happened);
}

const char *tally_result(const struct tally *tally)
{
    if (!tally->count)
        return "there was nothing to try";
    return *tally->others ? told("%s", tally->others) : tally->should;
}

const char *opening(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    const char *result = result_of(fd);
    if (fd >= 0)
        close(fd);
    return result;
}

bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = -1;
    while (fd >= 0 && used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    if (fd >= 0)
        close(fd);
    return got >= 0;
}

const char *status_line(const char *label)
{
    static char text[8192];
    read_text("/proc/self/status", text, sizeof text);
    char *line = strstr(text, label);
    if (!line)
        return "no such line";
    line += strlen(label);
    line += strspn(line, " \t");
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* Lines of "KEY VALUE". */
const char *prepared(const char *key)
{
    static char text[4096];
    size_t length = strlen(key);
    read_text(FACTS, text, sizeof text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return line + length + 1;
    return NULL;
}

int prepared_number(const char *key)
{
    const char *value = prepared(key);
    return value ? (int)strtol(value, NULL, 10) : -1;
}

void for_each_foreign(void (*each)(pid_t pid, struct tally *tally), struct tally *tally)
{
    DIR *proc = opendir("/proc");
    struct stat st;
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        char path[300];
        snprintf(path, sizeof path, "/proc/%s/status",
                 entry->d_name); /* the folder is nobody's where not dumpable */
        char text[2048], *uid = NULL;
        if (isdigit((unsigned char)*entry->d_name) && stat(path, &st) == 0 &&
            read_text(path, text, sizeof text))
            uid = strstr(text, "\nUid:\t");
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (uid && (strtoul(uid + 6, NULL, 10) != getuid() || pid == 1))
            each(pid, tally);
    }
    if (proc)
        closedir(proc);
}

const char *first_line_of(const char *const argv[])
{
    static char line[512];
    int ends[2];
    if (pipe(ends) < 0)
        return "no pipe";
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execv(argv[0], (char *const *)argv);
        dprintf(STDOUT_FILENO, "%s\n", result_of(-1));
        _exit(1);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], line, sizeof line - 1);
    line[size > 0 ? size : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return line;
}
