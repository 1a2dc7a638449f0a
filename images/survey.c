#include "survey.h"

#include "base/own.h"
#include "maker.h"

enum { SURVEY_MAX = 1 << 20 };

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
    cleanup_free char *text = text_read_fd(maker.output, "what the server can do", SURVEY_MAX, NULL, err);
    if (maker_finish(&maker, "the survey of what the server can do", text ? err : NULL) < 0 || !text)
        return -1;
    survey_take(image, text);
    return 0;
}
