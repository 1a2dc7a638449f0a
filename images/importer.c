#include "importer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "store.h"

enum { ERRORS_SHOWN = 2048, FACT_MAX = 1 << 16 };

char *importer_path(const char *name)
{
    return text_format("%s/%s", text_from_env("INDYNO_LIBEXECDIR", PKGLIBEXECDIR), name);
}

static bool is_name(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* The importer's program: the operator's own, else indyno's. The caller's to free; NULL with err where there is none. */
static char *find_program(const char *from, struct error *err)
{
    cleanup_free char *name = text_format("from-%s", from);
    cleanup_free char *operators = text_format("%s/importers/%s", images_config_dir(), name);
    cleanup_free char *own = importer_path(name);
    if (is_name(from) && access(operators, X_OK) == 0)
        return steal_pointer(operators);
    if (is_name(from) && access(own, X_OK) == 0)
        return steal_pointer(own);
    fail(err, STATUS_DATA, "--from %s: no such importer", from);
    error_remedy(err, "importers are: npm, deb, source, oci, dir, and what is in %s/importers",
                 images_config_dir());
    return NULL;
}

/* ---- Facts ---- */

static void take_text(char **field, const char *line)
{
    free(*field);
    *field = copy_string(strchr(line, '=') + 1);
}

int importer_percent(const char *text)
{
    enum { DIGITS_MAX = 3 };
    size_t digits = strspn(text, "0123456789");
    int percent = digits && digits <= DIGITS_MAX && !text[digits] ? (int)strtol(text, NULL, 10) : -1;
    return percent <= 100 ? percent : -1;
}

static void take_progress(const struct import *import, const char *line)
{
    int percent = importer_percent(strchr(line, '=') + 1);
    if (import->progress && percent >= 0)
        import->progress(import->context, percent);
}

/* Folders from the root on; others would be the working folder's, and are dropped. */
static bool is_search_folder(const char *folder)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
    return *folder == '/' && strspn(folder, letters) == strlen(folder);
}

static void take_search_path(struct image *image, const char *line)
{
    cleanup_strings struct strings folders = {0};
    cleanup_free char *path = copy_string(strchr(line, '=') + 1);
    char *rest = path;
    for (char *folder; (folder = strsep(&rest, ":"));)
        if (is_search_folder(folder))
            strings_add(&folders, folder);
    free(image->search_path);
    image->search_path = folders.count ? strings_join(&folders, ":") : NULL;
}

static void take_fact(const struct import *import, struct image *image, bool *root, const char *line)
{
    if (text_starts(line, "source="))
        take_text(&image->source, line);
    else if (text_starts(line, "digest="))
        take_text(&image->digest, line);
    else if (text_starts(line, "path="))
        take_search_path(image, line);
    else if (text_starts(line, "layout="))
        *root = text_equal(line, "layout=root");
    else if (text_starts(line, "progress="))
        take_progress(import, line);
}

/* As soon as it is there; of a line that does not fit nothing is left. */
static bool read_line(FILE *facts, char line[FACT_MAX])
{
    size_t size = 0;
    int c;
    while ((c = getc(facts)) != EOF && c != '\n')
        if (size < FACT_MAX)
            line[size++] = (char)c;
    line[size < FACT_MAX ? size : 0] = '\0';
    return c != EOF || size;
}

/* Takes *input. */
static void take_facts(const struct import *import, struct image *image, bool *root, int *input)
{
    cleanup_free char *line = allocate(FACT_MAX, 1);
    cleanup_file FILE *facts = fdopen(*input, "r");
    if (facts)
        steal_fd(input);
    else
        close_fd(input); /* or who writes would wait */
    while (facts && read_line(facts, line))
        take_fact(import, image, root, line);
}

/* ---- Running ---- */

static void set_environment(const struct import *import, const char *work)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    const char *const variables[][2] = {
        {"INDYNO_IMAGE", import->name},
        {"INDYNO_VERSION", import->version},
        {"INDYNO_WITH", import->with},
        {"INDYNO_DIGEST", import->digest},
        {"INDYNO_TARBALL", import->tarball},
        {"INDYNO", self},
        {"TMPDIR", work},
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i][0], variables[i][1] ? variables[i][1] : "", 1);
}

static void child_main(const struct import *import, const char *path, const char *folder, int output,
                       int errors) __attribute__((noreturn));

static void child_main(const struct import *import, const char *path, const char *folder, int output,
                       int errors)
{
    cleanup_free char *work = text_format("%s/tmp", folder), *tree = text_format("%s/tree", folder);
    set_environment(import, work);
    if (dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0)
        execl(path, path, import->source, tree, (char *)NULL);
    fprintf(stderr, "indyno: execute %s: %s\n", path, strerror(errno));
    _exit(STATUS_ERRORED);
}

static int make_folders(const char *folder, struct error *err)
{
    static const char *const names[] = {"tmp", "tree"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *path = text_format("%s/%s", folder, names[i]);
        if (mkdir(path, 0755) < 0)
            return fail_errno(err, "make %s", path);
    }
    return 0;
}

/* What an importer and the tools below it said last; on a full disk all say the same, file by file. */
static void print_end(int errors)
{
    char text[ERRORS_SHOWN + 1];
    off_t size = lseek(errors, 0, SEEK_END), from = size > ERRORS_SHOWN ? size - ERRORS_SHOWN : 0;
    ssize_t got = pread(errors, text, ERRORS_SHOWN, from);
    text[got > 0 ? got : 0] = '\0';
    const char *line = from ? strchr(text, '\n') : text;
    fprintf(stderr, "%s%s", line ? line + (from != 0) : text, *text && !text_ends(text, "\n") ? "\n" : "");
}

static int explain(const struct import *import, const char *folder, int errors, struct error *err)
{
    if (store_no_room(folder)) {
        errno = ENOSPC;
        return fail_errno(err, "bring %s", import->source);
    }
    print_end(errors);
    return fail(err, STATUS_ERRORED, "from-%s could not bring %s (its reason is above)", import->from,
                import->source);
}

int importer_run(const struct import *import, const char *folder, struct image *image, bool *root,
                 struct error *err)
{
    int ends[2], status;
    cleanup_free char *path = find_program(import->from, err);
    if (!path || make_folders(folder, err) < 0)
        return -1;
    cleanup_fd int errors = memfd_create("errors", MFD_CLOEXEC);
    if (errors < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "run %s", path);
    cleanup_fd int input = ends[0], output = ends[1];
    pid_t pid = fork();
    if (pid == 0)
        child_main(import, path, folder, output, errors);
    if (pid < 0)
        return fail_errno(err, "run %s", path);
    close_fd(&output);
    take_facts(import, image, root, &input);
    if (sys_wait(pid, &status) < 0)
        return fail_errno(err, "wait for %s", path);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return explain(import, folder, errors, err);
    return image->source ? 0
                         : fail(err, STATUS_ERRORED, "from-%s did not say where %s came from", import->from,
                                import->source);
}
