/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_FOUNDING_H
#define QW_STORE_POSTGRES_FOUNDING_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A new centre has a folder and books in a database, and no single write makes both. So the
 * database says for itself how far it is [docs/adr/0152]: the table qwave.founding comes with the
 * first of its tables and goes when the folder is in its place. Until it says "made", nobody but
 * the founder opens the store, and whoever founds next may clear all of it: no folder for it was
 * ever in its place. After that nothing here removes a byte but for the founder himself. */
enum { QW_FOUNDING_ID_LEN = 16, QW_FOUNDING_PLACE_CAP = 1024 };

enum qw_founding_state {
    QW_FOUNDING_NONE,  /* no schema qwave */
    QW_FOUNDING_BEGUN, /* books that are not whole, or were never said to be */
    QW_FOUNDING_MADE,  /* whole; its folder was perhaps not put in its place yet */
    QW_FOUNDING_BOOKS  /* a centre's, or somebody's, like any other */
};
struct qw_founding_mark {
    enum qw_founding_state state;
    uint8_t id[QW_FOUNDING_ID_LEN];    /* BEGUN, MADE */
    char place[QW_FOUNDING_PLACE_CAP]; /* of its folder, as its founder calls it; likewise */
};

/* A connection with the right to found, which one process at a time has; it ends with the process.
 */
struct qw_founding;

/* uri is copied; errors as qw_store_postgres_open, and QW_ERR_CONFLICT: somebody else is founding
 * in that database (waited for, a few seconds: a killed one's session may just be ending). */
qw_err qw_founding_open(const char *uri, struct qw_founding **founding) QW_MUST_USE;
void qw_founding_close(struct qw_founding *founding); /* NULL is fine */

/* These connect again when the connection was lost before. QW_ERR_CLOSED, QW_ERR_IO,
 * QW_ERR_CONFLICT (somebody else has the right by now): how it ended is not known; look again. */
qw_err qw_founding_look(struct qw_founding *founding, struct qw_founding_mark *mark) QW_MUST_USE;
/* Tables, and the mark BEGUN. What somebody else has begun goes; QW_ERR_STATE: MADE, or BOOKS. */
qw_err qw_founding_begin(struct qw_founding *founding, const uint8_t id[static QW_FOUNDING_ID_LEN],
                         const char *place) QW_MUST_USE;
/* From BEGUN to MADE, durably. QW_ERR_NOT_FOUND: not that of id. */
qw_err qw_founding_make(struct qw_founding *founding,
                        const uint8_t id[static QW_FOUNDING_ID_LEN]) QW_MUST_USE;
/* MADE becomes BOOKS: the mark goes. QW_ERR_NOT_FOUND. */
qw_err qw_founding_end(struct qw_founding *founding,
                       const uint8_t id[static QW_FOUNDING_ID_LEN]) QW_MUST_USE;
/* All of it goes, BEGUN or MADE. QW_ERR_NOT_FOUND: no founding of that id is there. */
qw_err qw_founding_clear(struct qw_founding *founding,
                         const uint8_t id[static QW_FOUNDING_ID_LEN]) QW_MUST_USE;

struct qw_postgres_link;
/* For who opens a store, in a transaction: as qw_postgres_schema_open says of founder. */
qw_err qw_postgres_founding_admits(struct qw_postgres_link *link,
                                   const uint8_t *founder) QW_MUST_USE;

#endif
