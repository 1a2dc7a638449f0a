/* Where things are in a dyno, and who is who: every path and id that more than one file needs. */
#ifndef INDYNO_LAYOUT_H
#define INDYNO_LAYOUT_H

#define LAYOUT_APP         "/app"        /* the view of DIR, and the step's HOME */
#define LAYOUT_TREES       "/opt/indyno" /* NAME-VERSION: an image's tree; NAME-VERSION-locale: its locales */
#define LAYOUT_HOST        LAYOUT_TREES "/host" /* beside a --rootfs: what servers see of the host, their "/" */
#define LAYOUT_SOCKETS     "/tmp"
#define LAYOUT_LOGS        "/var/log"
#define LAYOUT_PGDATA      "/var/lib/postgresql/data"
#define LAYOUT_REDIS_DATA  "/var/lib/redis"
#define LAYOUT_REDIS_CONF  "/etc/redis/redis.conf"
#define LAYOUT_REDIS_SOCK  LAYOUT_SOCKETS "/redis.sock"
#define LAYOUT_SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Inner ids. With SANDBOX_IDS_SINGLE all of them are LAYOUT_DYNO_ID. */
enum { LAYOUT_DYNO_ID = 1000, LAYOUT_POSTGRES_ID = 1001, LAYOUT_REDIS_ID = 1002 };

/* Where artifacts go: in the caller's working folder. */
#define LAYOUT_OUTPUT "indyno-out"

#endif
