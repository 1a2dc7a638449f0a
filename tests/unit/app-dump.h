/* An application as text, one line for each thing it says, so that a test can compare the whole of it. */
#ifndef INDYNO_TEST_APP_DUMP_H
#define INDYNO_TEST_APP_DUMP_H

#include "runtime/app.h"

/* Lines such as "env A=1 required", "addon heroku-redis:in-dyno in-dyno at environments.test.addons[0]"; what
 * is not given has no line. path is left out. The caller's to free. */
char *app_dump(const struct app *app);

#endif
