/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_STORE_POSTGRES_PLACE_H
#define QW_TEST_STORE_POSTGRES_PLACE_H

#include "postgres_server.h"
#include "store/store_postgres.h"
#include "unit/store/store_place.h"

#include <stdio.h>
#include <stdlib.h>

/* A new database for each test, with a store in it. */
static struct postgres_server server; /* of the whole run */

static qw_err postgres_open(const char *uri, struct qw_store *store)
{
    return qw_store_postgres_open(uri, NULL, store);
}

static int postgres_make(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    postgres_server_execute(&server, "DROP SCHEMA IF EXISTS qwave CASCADE");
    snprintf(place->path, sizeof place->path, "%s", server.uri);
    place->open = postgres_open;
    assert_int_equal(place->open(place->path, &place->store), QW_OK);
    *state = place;
    return 0;
}

static int postgres_remove(void **state)
{
    struct place *place = *state;

    qw_store_close(&place->store);
    free(place);
    return 0;
}

#endif
