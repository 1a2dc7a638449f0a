/*
 * shim: stands on a step's PATH for a program of a tree that brings its own libc.
 *
 * Installed in a tree as TREE/shims/NAME, it executes TREE/bin/NAME by the tree's own loader
 * (TREE/loaders/NAME, so that the process has the program's name) with the tree's own libraries. argv[0]
 * becomes the shim's own absolute path, because pg_dumpall looks for pg_dump beside its argv[0]. It is static
 * and small: what it adds to the start of a program is one execve(2).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOADER_WORDS = 6 };

int main(int argc, char **argv)
{
    char self[PATH_MAX], loader[2 * PATH_MAX], libraries[PATH_MAX + 16], program[2 * PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    char *name = strrchr(self, '/');
    int tree = name ? (int)(name - self) - (int)strlen("/shims") : -1;
    if (tree < 0 || strncmp(self + tree, "/shims", strlen("/shims")) != 0) {
        fprintf(stderr, "%s: not in the shims folder of a tree\n", argv[0]);
        return 126;
    }
    snprintf(loader, sizeof loader, "%.*s/loaders%s", tree, self, name);
    snprintf(libraries, sizeof libraries, "%.*s/lib", tree, self);
    snprintf(program, sizeof program, "%.*s/bin%s", tree, self, name);
    char **words = calloc((size_t)argc + LOADER_WORDS + 1, sizeof *words);
    if (!words)
        return 126;
    char library_option[] = "--library-path", argv0_option[] = "--argv0";
    char *const first[LOADER_WORDS] = {loader, library_option, libraries, argv0_option, self, program};
    memcpy(words, first, sizeof first);
    for (int i = 1; i < argc; i++)
        words[LOADER_WORDS + i - 1] = argv[i];
    execv(loader, words);
    fprintf(stderr, "%s: %s: %s\n", argv[0], loader, strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
