/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_STORE_SQLITE_PLACE_H
#define QW_TEST_STORE_SQLITE_PLACE_H

#include "store/store_sqlite.h"
#include "unit/store/store_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder of its own for each test, with a store on SQLite in it. */
static int place_make(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    strcpy(place->folder, "/tmp/qwave-store-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/centre.db", place->folder);
    place->open = qw_store_sqlite_open;
    assert_int_equal(qw_store_sqlite_open(place->path, &place->store), QW_OK);
    *state = place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    char path[192];

    qw_store_close(&place->store);
    for (size_t i = 0; i < 3; i++) {
        static const char *const ends[] = { "", "-wal", "-shm" };

        snprintf(path, sizeof path, "%s%s", place->path, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

#endif
