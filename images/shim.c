/*
 * shim: stands on a step's PATH for a client program of a tree that brings its own libc.
 *
 * Installed in a tree as TREE/clients/NAME, it executes the program that TREE/programs/NAME links to, by the tree's
 * own loader (TREE/loaders/NAME, so that the process has the program's name) with the tree's own libraries (the
 * colon-separated list in TREE/libraries, relative to TREE). argv[0] becomes the shim's own absolute path, because
 * pg_dumpall looks for pg_dump beside its argv[0], where the loader can do that (glibc's since 2.33). It is static and small: what it adds to the start of a program is
 * one execve(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOADER_WORDS = 6, LIST_MAX = 4096, LIBRARIES_MAX = 16 * PATH_MAX };

static const char place[] = "/clients";

/* Writes the list of libraries' folders with the tree's path before each. */
static void expand(const char *tree, const char *list, char *out, size_t room)
{
    size_t used = 0;
    while (*list && used < room) {
        int length = (int)strcspn(list, ":");
        used += (size_t)snprintf(out + used, room - used, "%s%s/%.*s", used ? ":" : "", tree, length, list);
        list += length + (list[length] != '\0');
    }
}

/* The file's second line is "argv0" where the loader has such an option. */
static int read_libraries(const char *tree, char *out, size_t room, int *argv0)
{
    char path[2 * PATH_MAX], list[LIST_MAX];
    snprintf(path, sizeof path, "%s/libraries", tree);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, list, sizeof list - 1);
    if (size < 0)
        return -1;
    close(file);
    list[size] = '\0';
    char *second = strchr(list, '\n');
    *argv0 = second && strncmp(second + 1, "argv0", strlen("argv0")) == 0;
    if (second)
        *second = '\0';
    expand(tree, list, out, room);
    return 0;
}

/* The program itself, not the link, so that the loader's $ORIGIN is where it lies. */
static int find_program(const char *tree, const char *name, char *out, size_t room)
{
    char link[2 * PATH_MAX], to[PATH_MAX];
    snprintf(link, sizeof link, "%s/programs/%s", tree, name);
    ssize_t size = readlink(link, to, sizeof to - 1);
    if (size < 0)
        return -1;
    to[size] = '\0';
    snprintf(out, room, "%s/programs/%s", tree, to);
    return 0;
}

/* Cuts "/clients/NAME" off self; returns NAME, or NULL. */
static char *split(char *self)
{
    ssize_t size = readlink("/proc/self/exe", self, PATH_MAX - 1);
    self[size > 0 ? size : 0] = '\0';
    char *name = strrchr(self, '/');
    char *end = name ? name - strlen(place) : self;
    if (end <= self || strncmp(end, place, strlen(place)) != 0)
        return NULL;
    *end = '\0';
    return name + 1;
}

/* Fills words with the loader's, and returns how many they are. */
static int fill_words(char **words, char *loader, char *libraries, char *argv0, char *program)
{
    static char library_option[] = "--library-path", argv0_option[] = "--argv0";
    int count = 0;
    words[count++] = loader;
    words[count++] = library_option;
    words[count++] = libraries;
    if (argv0) {
        words[count++] = argv0_option;
        words[count++] = argv0;
    }
    words[count++] = program;
    return count;
}

int main(int argc, char **argv)
{
    char tree[PATH_MAX], self[2 * PATH_MAX], loader[2 * PATH_MAX], program[3 * PATH_MAX];
    static char libraries[LIBRARIES_MAX];
    int argv0;
    const char *name = split(tree);
    char **words = calloc((size_t)argc + LOADER_WORDS + 1, sizeof *words);
    if (!words || !name || read_libraries(tree, libraries, sizeof libraries, &argv0) < 0 ||
        find_program(tree, name, program, sizeof program) < 0) {
        fprintf(stderr, "%s: not in the clients folder of a tree\n", argv[0]);
        free(words);
        return 126;
    }
    snprintf(self, sizeof self, "%s%s/%s", tree, place, name);
    snprintf(loader, sizeof loader, "%s/loaders/%s", tree, name);
    int count = fill_words(words, loader, libraries, argv0 ? self : NULL, program);
    for (int i = 1; i < argc; i++)
        words[count++] = argv[i];
    execv(loader, words);
    int status = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "%s: %s: %s\n", argv[0], loader, strerror(errno));
    free(words);
    return status;
}
