#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "maker.h"

#define WANTED_LOCALE "en_US.UTF-8"
#define LESSER_LOCALE "C.UTF-8"

enum { FIRST_LINE_MAX = 256 };

extern char **environ;

/* Runs argv with stdin from input (-1: the caller's). */
static int run_tool(const char *const *argv, int input, struct error *err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    errno = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno)
        return fail_errno(err, "run %s", argv[0]);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail_errno(err, "wait for %s", argv[0]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                         : fail(err, STATUS_ERRORED, "%s failed", argv[0]);
}

static bool host_has_locale(const char *name)
{
    locale_t found = newlocale(LC_ALL_MASK, name, NULL);
    if (found)
        freelocale(found);
    return found != NULL;
}

/* Compiled for the host's libc, whose server it is for: a tree that brings its own libc brings its own
 * locales. */
static bool compile_locale(const char *folder)
{
    cleanup_free char *locale = text_format("%s/locale", folder);
    cleanup_free char *compiled = text_format("%s/en_US.utf8", locale);
    const char *const argv[] = {"localedef", "--no-archive", "-i", "en_US", "-f", "UTF-8", compiled, NULL};
    if (mkdir(locale, 0755) == 0 && run_tool(argv, -1, NULL) == 0)
        return true;
    rmdir(locale);
    return false;
}

static void choose_locale(const char *folder, struct image *image)
{
    bool host = host_has_locale(WANTED_LOCALE);
    bool compiled = !host && compile_locale(folder);
    image->locale = copy_string(host || compiled ? WANTED_LOCALE : LESSER_LOCALE);
    image->locpath = compiled ? copy_string("locale") : NULL;
}

/* "USER PASSWORD\n", and not a byte more: the rest is tar's. */
static int read_first_line(int output, struct image *image, struct error *err)
{
    char line[FIRST_LINE_MAX];
    size_t size = 0;
    while (size < sizeof line - 1 && read(output, line + size, 1) == 1 && line[size] != '\n')
        size++;
    line[size] = '\0';
    char *space = strchr(line, ' ');
    if (!space)
        return fail(err, STATUS_ERRORED, "the template cluster of %s %s was not made", image->name,
                    image->version);
    *space = '\0';
    image->user = copy_string(line);
    image->password = copy_string(space + 1);
    image->database = copy_string("postgres_buildpack_db");
    return 0;
}

static int extract(int output, const char *folder, struct error *err)
{
    cleanup_free char *template = text_format("%s/template", folder);
    const char *const argv[] = {
        "tar", "-x", "-f", "-", "-C", template, "--no-same-owner", "--same-permissions", NULL};
    if (mkdir(template, 0755) < 0)
        return fail_errno(err, "make %s", template);
    return run_tool(argv, output, err);
}

int template_make(const char *folder, struct image *image, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    struct maker maker;
    choose_locale(folder, image);
    strings_add(&argv, "/bin/sh");
    strings_add(&argv, MAKER_SCRIPTS "/template-postgresql");
    strings_add(&argv, MAKER_TREE);
    strings_add(&argv, image->locale);
    if (maker_start(&maker, folder, &argv, err) < 0)
        return -1;
    int made = read_first_line(maker.output, image, err);
    if (made == 0)
        made = extract(maker.output, folder, err);
    if (maker_finish(&maker, "the template cluster", made < 0 ? NULL : err) < 0)
        made = -1;
    image->template = copy_string("template");
    return made;
}
