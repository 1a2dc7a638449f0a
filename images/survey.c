#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "maker.h"

enum { SURVEY_MAX = 1 << 20 };

/* All that is printed, or NULL. The caller's to free. */
static char *read_output(int output, struct error *err)
{
    cleanup_free char *text = allocate(SURVEY_MAX + 1, 1);
    size_t size = 0;
    for (ssize_t got; size < SURVEY_MAX && (got = read(output, text + size, SURVEY_MAX - size)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail_errno(err, "read what the server can do");
            return NULL;
        }
        size += (size_t)got;
    }
    if (size < SURVEY_MAX)
        return steal_pointer(text);
    fail(err, STATUS_ERRORED, "the survey of what the server can do is longer than %d bytes", SURVEY_MAX);
    return NULL;
}

int survey_make(const char *folder, struct image *image, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    cleanup_free char *data = text_format("%s/template", folder);
    struct maker maker;
    if (maker_add_script(&argv, image, "survey-postgresql", err) < 0)
        return -1;
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&argv, false}}, .step_count = 1, .data = data};
    if (maker_start(&maker, &job, err) < 0)
        return -1;
    cleanup_free char *text = read_output(maker.output, err);
    if (maker_finish(&maker, "the survey of what the server can do", text ? err : NULL) < 0 || !text)
        return -1;
    survey_take(image, text);
    return 0;
}
