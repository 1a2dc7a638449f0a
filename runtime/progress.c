/*
 * Theory of operation. The line is drawn with a newline behind it, and redrawn from one line up: so the cursor is always
 * at the beginning of an empty line, however and whenever indyno is killed. While it is there, nobody else may print, and
 * not all who do are ours (a server that is tried, tar): stderr is a file in memory meanwhile, and what was said is printed
 * when the line is gone. That file cannot grow, whatever a hostile server has to say.
 */
#include "progress.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "images/store.h"

enum { COLUMNS_DEFAULT = 80, BAR_MIN = 10, BAR_MAX = 30, WORDS_MAX = 1 << 16 };

#define BACK "\x1b[A\r\x1b[J" /* a line up, and all from there on erased */

/* ---- Text ---- */

/* What is no ASCII may have any width, and controls would move the cursor. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static char *bar_text(int percent, size_t width)
{
    char *bar = allocate(width + 1, 1);
    memset(bar, '.', width);
    memset(bar, '#', width * (size_t)percent / 100);
    return bar;
}

static char *text_with_percent(const struct install_state *state, size_t room)
{
    enum { ENDS = sizeof "  []" - 1 };
    cleanup_free char *all = text_format("%s %3d%%  %s", state->what, state->percent, state->phase);
    cleanup_free char *less = text_format("%s %3d%%", state->what, state->percent);
    if (strlen(less) > room)
        return text_format("%d%%", state->percent);
    if (strlen(all) > room)
        return steal_pointer(less);
    size_t left = room - strlen(all);
    if (left < ENDS + BAR_MIN)
        return steal_pointer(all);
    cleanup_free char *bar = bar_text(state->percent, left < ENDS + BAR_MAX ? left - ENDS : BAR_MAX);
    return text_format("%s  [%s]%s", state->what, bar, all + strlen(state->what));
}

char *progress_text(const struct install_state *state, size_t columns)
{
    size_t room = (columns ? columns : COLUMNS_DEFAULT) - 1; /* the last column may wrap */
    char *text = state->percent < 0 ? text_format("%s  %s", state->what, state->phase)
                                    : text_with_percent(state, room);
    if (strlen(text) > room)
        text[room] = '\0';
    make_printable(text);
    return text;
}

static const char *images_word(size_t count)
{
    return count == 1 ? "image" : "images";
}

char *progress_total_text(const struct progress_total *total)
{
    if (!total->installed)
        return total->found ? text_format("%zu %s there already", total->found, images_word(total->found))
                            : NULL;
    cleanup_free char *size = store_size_text(total->bytes);
    cleanup_free char *found =
        total->found ? text_format(", %zu there already", total->found) : copy_string("");
    return text_format("%zu %s installed%s: %s in %.1f s", total->installed, images_word(total->installed),
                       found, size, total->seconds);
}

/* ---- The terminal ---- */

static bool can_draw(void)
{
    const char *term = text_from_env("TERM", "dumb");
    return isatty(STDERR_FILENO) && !text_equal(term, "dumb") && !*text_from_env("NO_COLOR", "");
}

static int make_words(void)
{
    cleanup_fd int words = memfd_create("words", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (words < 0 || ftruncate(words, WORDS_MAX) < 0 ||
        fcntl(words, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -1;
    return steal_fd(&words);
}

static bool hold_stderr(struct progress *progress)
{
    if (progress->terminal >= 0)
        return true;
    cleanup_fd int words = make_words(), terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (words < 0 || terminal < 0 || dup2(words, STDERR_FILENO) < 0)
        return false;
    progress->words = steal_fd(&words);
    progress->terminal = steal_fd(&terminal);
    return true;
}

static void print_words(int words)
{
    char text[WORDS_MAX + 1] = "";
    ssize_t got = pread(words, text, WORDS_MAX, 0);
    size_t size = got > 0 ? strlen(text) : 0;
    if (size && text[size - 1] != '\n')
        text[size++] = '\n';
    text_write_all(STDERR_FILENO, text, size);
}

static void release_stderr(struct progress *progress)
{
    if (progress->terminal < 0)
        return;
    dup2(progress->terminal, STDERR_FILENO);
    print_words(progress->words);
    close_fd(&progress->terminal);
    close_fd(&progress->words);
}

static void draw(struct progress *progress, const struct install_state *state)
{
    struct winsize size = {0};
    ioctl(progress->terminal, TIOCGWINSZ, &size);
    cleanup_free char *text = progress_text(state, size.ws_col);
    if (text_equal(text, progress->drawn))
        return;
    cleanup_free char *line = text_format("%s%s\n", progress->drawn ? BACK : "", text);
    text_write_all(progress->terminal, line, strlen(line));
    free(progress->drawn);
    progress->drawn = steal_pointer(text);
}

static void erase(struct progress *progress)
{
    if (progress->drawn)
        text_write_all(progress->terminal, BACK, strlen(BACK));
    free(progress->drawn);
    progress->drawn = NULL;
    release_stderr(progress);
}

/* ---- What is told ---- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cleanup_free char *text = text_vformat(format, args);
    va_end(args);
    make_printable(text);
    fprintf(stderr, "indyno: %s\n", text);
}

static void show(void *context, const struct install_state *state)
{
    struct progress *progress = context;
    if (!state)
        erase(progress);
    else if (progress->is_live && hold_stderr(progress))
        draw(progress, state);
    else if (!progress->is_begun)
        say("%s: %s", state->what, state->phase);
    progress->is_begun = state != NULL;
}

static void done(void *context, const struct image *image, bool was_there)
{
    struct progress *progress = context;
    struct progress_total *total = &progress->total;
    erase(progress);
    if (was_there) {
        total->found++;
        say("%s:%s is installed", image->name, image->version);
        return;
    }
    total->installed++;
    total->bytes += image->size + image->template_size;
    say("%s:%s installed%s%s", image->name, image->version, image->locale ? ", locale " : "",
        image->locale ? image->locale : "");
}

/* ---- The whole ---- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress)
{
    *progress = (struct progress){.calls = {show, done, progress},
                                  .is_live = can_draw(),
                                  .terminal = -1,
                                  .words = -1,
                                  .start_ms = now_ms()};
}

void progress_end(struct progress *progress)
{
    progress->total.seconds = (double)(now_ms() - progress->start_ms) / 1000;
    cleanup_free char *text = progress_total_text(&progress->total);
    if (text)
        say("%s", text);
}

void progress_clear(struct progress *progress)
{
    erase(progress);
}
