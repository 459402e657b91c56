/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_QWAVED_SITE_H
#define QW_TESTS_UNIT_QWAVED_SITE_H

/* A real centre on SQLite in a folder of its own behind qwaved's table of routes, without a
 * network: requests go in as the server would hand them over. The including test has cmocka. */
#include "api/http_answer.h"
#include "base/secret.h"
#include "router.h"
#include "store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct site {
    char folder[64];
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_store store;
    struct service service;
    const char *content_type; /* of what is asked */
    unsigned status, retry_after_s;
    size_t len;
    char text[1 << 17];
};

/* target may have a query. Every answer is JSON. */
static inline unsigned ask(struct site *site, const char *identity, const char *method,
                           const char *target, const char *body)
{
    static const uint8_t hash[32] = { 1 };
    struct qw_http_answer answer = { .status = 0 };
    char path[8192];
    char *query;
    struct qw_http_request request = { .method = method,
                                       .path = path,
                                       .query = "",
                                       .identity = identity,
                                       .certificate_hash = hash,
                                       .content_type = site->content_type,
                                       .body = (const uint8_t *)body,
                                       .body_len = body == NULL ? 0 : strlen(body) };

    snprintf(path, sizeof path, "%s", target);
    query = strchr(path, '?');
    if (query != NULL) {
        *query = '\0';
        request.query = query + 1;
    }
    router_handle(&site->service, &request, &answer);
    site->status = answer.status;
    site->retry_after_s = answer.retry_after_s;
    site->len = answer.body_len;
    assert_true(answer.body_len < sizeof site->text);
    memcpy(site->text, answer.body, answer.body_len);
    site->text[answer.body_len] = '\0';
    assert_string_equal(answer.content_type, "application/json");
    qw_http_answer_wipe(&answer);
    return site->status;
}

/* With keys from the kernel, in stock. secret_len: of a piece that is lent for an answer. */
static inline struct site *site_new(struct qw_centre_config config, size_t secret_len)
{
    struct site *site = calloc(1, sizeof *site);
    char path[128];
    FILE *file;

    assert_non_null(site);
    snprintf(site->folder, sizeof site->folder, "/tmp/qwaved-site-XXXXXX");
    assert_non_null(mkdtemp(site->folder));
    snprintf(path, sizeof path, "%s/passphrase", site->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("correct horse battery staple\n", file);
    fclose(file);
    chmod(path, 0600);
    assert_int_equal(qw_custody_passphrase_file(path, &site->custody), QW_OK);
    assert_int_equal(qw_key_source_kernel(&site->source), QW_OK);
    snprintf(path, sizeof path, "%s/centre.db", site->folder);
    assert_int_equal(qw_store_sqlite_open(path, &site->store), QW_OK);
    config.store = &site->store;
    config.custody = &site->custody;
    config.source = &site->source;
    site->content_type = "application/json";
    assert_int_equal(qw_centre_new(&config, &site->service.centre), QW_OK);
    assert_int_equal(qw_centre_ingest(site->service.centre), QW_OK);
    assert_int_equal(qw_secret_pool_new(secret_len, 2, &site->service.secrets), QW_OK);
    site->service.table = &routes_for_clients;
    site->service.centre_id = "centre-1";
    site->service.version = "test";
    return site;
}

static inline void site_add_application(struct site *site, const char *id, const char *peers)
{
    struct qw_caller operator_caller = { .role = QW_ROLE_OPERATOR, .id = "op" };

    assert_int_equal(qw_centre_device_register(site->service.centre, &operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

static inline int remove_site(void **state)
{
    struct site *site = *state;
    char command[128];

    qw_secret_pool_free(site->service.secrets);
    qw_centre_free(site->service.centre);
    qw_store_close(&site->store);
    qw_key_source_close(&site->source);
    qw_custody_close(&site->custody);
    snprintf(command, sizeof command, "rm -rf '%s'", site->folder);
    assert_int_equal(system(command), 0);
    free(site);
    return 0;
}

static inline void assert_error(const struct site *site, unsigned status, const char *message)
{
    char want[256];

    snprintf(want, sizeof want, "{\"message\":\"%s\"}", message);
    assert_string_equal(site->text, want);
    assert_int_equal(site->status, status);
}

#endif
