/* Manifests of images: what is taken is written and read again as the same; and what a survey says of a server. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "images/manifest.h"
#include "images/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct image *image)
{
    cleanup_image struct image again = {0};
    cleanup_free char *text = manifest_text(image), *second = NULL;
    if (!text || manifest_parse("m.json", text, &again, NULL) < 0)
        abort();
    second = manifest_text(&again);
    if (strcmp(text, second) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = allocate(size + 1, 1);
    cleanup_image struct image image = {0}, surveyed = {0};
    cleanup_error struct error err = {0};
    if (size > 0)
        memcpy(text, data, size);
    if (manifest_parse("m.json", text, &image, &err) == 0)
        check_again(&image);
    else if (err.status != STATUS_DATA || !err.message)
        abort();
    survey_take(&surveyed, text);
    return 0;
}
