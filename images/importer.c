#include "importer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"

char *importer_path(const char *name)
{
    const char *given = getenv("INDYNO_LIBEXECDIR");
    return text_format("%s/%s", given && *given ? given : PKGLIBEXECDIR, name);
}

static void take_fact(struct image *image, const char *line)
{
    const char *equals = strchr(line, '=');
    if (text_starts(line, "source=")) {
        free(image->source);
        image->source = copy_string(equals + 1);
    } else if (text_starts(line, "digest=")) {
        free(image->digest);
        image->digest = copy_string(equals + 1);
    }
}

static void take_facts(struct image *image, FILE *facts)
{
    cleanup_free char *line = NULL;
    size_t room = 0;
    for (ssize_t size; (size = getline(&line, &room, facts)) > 0;) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        take_fact(image, line);
    }
}

static void child_main(const char *path, const char *source, const char *folder, int output)
    __attribute__((noreturn));

static void child_main(const char *path, const char *source, const char *folder, int output)
{
    if (dup2(output, STDOUT_FILENO) >= 0)
        execl(path, path, source, folder, (char *)NULL);
    fprintf(stderr, "indyno: execute %s: %s\n", path, strerror(errno));
    _exit(STATUS_ERRORED);
}

int importer_run(const char *importer, const char *source, const char *folder, struct image *image,
                 struct error *err)
{
    int ends[2], status;
    cleanup_free char *path = importer_path(importer);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "run %s", importer);
    pid_t pid = fork();
    if (pid == 0)
        child_main(path, source, folder, ends[1]);
    close(ends[1]);
    cleanup_file FILE *facts = fdopen(ends[0], "r");
    if (facts)
        take_facts(image, facts);
    if (pid < 0)
        return fail_errno(err, "run %s", importer);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail_errno(err, "wait for %s", importer);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(err, STATUS_ERRORED, "%s could not bring %s (its reason is above)", importer, source);
    return image->source ? 0
                         : fail(err, STATUS_ERRORED, "%s did not say where %s came from", importer, source);
}
