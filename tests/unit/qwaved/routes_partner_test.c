/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C12 C14 */
/* The listener for other centres [docs/protocol/etsi020.md]: what a partner's request is answered
 * with, on a real centre, without the network. What comes of the acknowledgements between two real
 * processes: tests/system/31-etsi020.sh. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/site.h"

#include "partners.h"
#include "routes.h"
#include "source/pad_wrap.h"

#define PARTNER "urn:qwave:kme:kme-a"
#define GOOD_URL "https://kme-a.example:9443/acks/1"
#define KEYS(id, url) \
    "{\"keys\":[{\"key_id\":\"" id "\",\"value\":\"AAECAwQFBgcICQoLDA0ODw==\"}]," \
    "\"initiator_sae_id\":\"alice\",\"target_sae_ids\":[\"bob\"],\"ack_callback_url\":\"" url \
    "\"}"
#define VOID(id, url) \
    "{\"key_ids\":[{\"key_id\":\"" id "\"}]," \
    "\"initiator_sae_id\":\"alice\",\"target_sae_ids\":[\"bob\"],\"ack_callback_url\":\"" url \
    "\"}"
#define ID "01020304-0506-0708-090a-0b0c0d0e0f10"

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[2 * SETTINGS_PATH_CAP];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct settings settings_of(const struct site *site)
{
    struct settings settings = { .etsi020 = 1, .etsi020_wait_ms = 100 };

    snprintf(settings.partners, sizeof settings.partners, "%s/partners", site->folder);
    return settings;
}

/* alice is at home with kme-a and may be master towards bob, who is at home here. */
static int make_site(void **state)
{
    struct qw_caller operator_caller = { .role = QW_ROLE_OPERATOR, .id = "op" };
    struct site *site = site_new(
        (struct qw_centre_config){ .centre_id = "kme-b", .block_keys = 16, .stock_keys = 32 },
        96 * 1024);
    struct settings settings = settings_of(site);
    char error[QW_CONFIG_ERROR_CAP];

    assert_int_equal(mkdir(settings.partners, 0700), 0);
    write_file(settings.partners, "kme-a.yaml",
               "url: https://kme-a.example:9443/\ncertificate: c\nkey: k\nca: a\n");
    write_file(settings.partners, "README", "no partner\n");
    assert_int_equal(partners_open(&settings, NULL, &site->service.partners, error), QW_OK);
    site->service.table = &routes_for_partners;
    assert_int_equal(qw_centre_device_register(site->service.centre, &operator_caller, "kme-a",
                                               QW_DEVICE_KME, "", ""),
                     QW_OK);
    site_add_application(site, "alice", "bob");
    site_add_application(site, "bob", "");
    assert_int_equal(
        qw_centre_device_set_home(site->service.centre, &operator_caller, "alice", "kme-a"), QW_OK);
    *state = site;
    return 0;
}

static int remove_all(void **state)
{
    struct site *site = *state;

    partners_close(site->service.partners);
    return remove_site(state);
}

static void assert_problem(const struct site *site, unsigned status, const char *title)
{
    char want[256];

    snprintf(want, sizeof want,
             "{\"type\":\"about:blank\",\"status\":%u,\"title\":\"%s\",\"details\":[]}", status,
             title);
    assert_string_equal(site->text, want);
    assert_int_equal(site->status, status);
}

static void test_keys_are_taken_and_the_target_gets_them(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL)), 202);
    assert_string_equal(site->text, "{}");
    site->service.table = &routes_for_clients;
    assert_int_equal(
        ask(site, "urn:qwave:sae:bob", "GET", "/api/v1/keys/alice/dec_keys?key_ID=" ID, NULL), 200);
    assert_string_equal(site->text, "{\"keys\":[{\"key_ID\":\"" ID
                                    "\",\"key\":\"AAECAwQFBgcICQoLDA0ODw==\"}]}");
}

static void test_versions_are_told(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, PARTNER, "GET", "/kmapi/versions", NULL), 200);
    assert_string_equal(site->text, "{\"versions\":[\"v1\"],\"extension\":{}}");
}

static void test_the_same_id_again_is_refused(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL)), 202);
    ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL));
    assert_problem(site, 400, "malformed request");
}

static void test_a_callback_to_anybody_else_is_refused_and_nothing_is_kept(void **state)
{
    static const char *const bodies[] = {
        KEYS(ID, "https://kme-a.example:94430/acks"),
        KEYS(ID, "https://kme-a.example:9443"),
        KEYS(ID, "https://kme-a.example:9443@evil/"),
        KEYS(ID, "http://kme-a.example:9443/acks"),
        KEYS(ID, "https://localhost/acks"),
        KEYS(ID, GOOD_URL "\\u0000"),
        KEYS(ID, GOOD_URL "\\r\\nX: y"),
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", bodies[i]);
        assert_problem(site, 400, "malformed request");
    }
    ask(site, PARTNER, "POST", "/kmapi/v1/void", VOID(ID, "https://localhost/acks"));
    assert_problem(site, 400, "malformed request");
    assert_int_equal(ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL)), 202);
}

static void test_every_truncation_of_a_body_is_refused(void **state)
{
    static const char *const rows[][2] = { { "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL) },
                                           { "/kmapi/v1/void", VOID(ID, GOOD_URL) },
                                           { "/kmapi/v1/acks/" ID, "[" VOID(ID, "x") "]" } };
    struct site *site = *state;
    char body[512];

    for (size_t r = 0; r < 3; r++) {
        for (size_t len = 0; len < strlen(rows[r][1]); len++) {
            snprintf(body, sizeof body, "%.*s", (int)len, rows[r][1]);
            ask(site, PARTNER, "POST", rows[r][0], body);
            assert_problem(site, 400, "malformed request");
        }
    }
}

static void test_errors_of_the_router_have_the_same_form(void **state)
{
    struct site *site = *state;

    ask(site, PARTNER, "GET", "/kmapi/v2/ext_keys", NULL);
    assert_problem(site, 404, "not found");
    ask(site, PARTNER, "GET", "/v1/status", NULL);
    assert_problem(site, 404, "not found");
    ask(site, PARTNER, "GET", "/kmapi/v1/void", NULL);
    assert_problem(site, 405, "method not allowed");
    ask(site, "urn:qwave:sae:bob", "GET", "/kmapi/versions", NULL);
    assert_problem(site, 403, "refused");
    ask(site, "", "GET", "/kmapi/versions", NULL);
    assert_problem(site, 401, "not authorised");
    ask(site, "urn:qwave:kme:kme-x", "POST", "/kmapi/v1/void", VOID(ID, GOOD_URL));
    assert_problem(site, 400, "malformed request"); /* no address of his is known */
    ask(site, PARTNER, "POST", "/kmapi/v1/acks/" ID,
        "[{\"key_ids\":[{\"key_id\":\"" ID "\"}],\"ack_status\":\"relayed\","
        "\"initiator_sae_id\":\"alice\",\"target_sae_id\":\"bob\"}]");
    assert_problem(site, 404, "not found");
    ask(site, PARTNER, "POST", "/kmapi/v1/acks/no-uuid", "[]");
    assert_problem(site, 400, "malformed request");
}

/* A message of the sender's side for the table, under pads of its end of the link. */
static void wrap_keys(struct link_pads *pads, char *body, size_t cap)
{
    struct qw_etsi020_ext_keys message;
    struct qw_handover_label label;
    struct qw_json_writer w = qw_json_writer_on(body, cap);

    assert_int_equal(
        qw_etsi020_ext_keys_decode(KEYS(ID, GOOD_URL), strlen(KEYS(ID, GOOD_URL)), &message),
        QW_OK);
    assert_int_equal(pad_wrap(pads, &message, &label), QW_OK);
    qw_etsi020_ext_keys_write(&w, &message);
    assert_true(qw_json_done(&w));
}

/* S7 of the page: not in clear, not twice, not altered. */
static void test_over_a_link_only_what_is_under_its_pads_is_taken(void **state)
{
    uint8_t halves[2][4096];
    const struct qw_handover_label label = { .block = 1 };
    struct site *site = *state;
    struct link_pads *here;
    struct link_pads *there;
    char body[1024];
    char *at;

    for (size_t i = 0; i < sizeof halves; i++) {
        halves[i / sizeof halves[0]][i % sizeof halves[0]] = (uint8_t)(i * i + i / 256);
    }
    assert_int_equal(link_pads_new(true, &here), QW_OK);
    assert_int_equal(link_pads_new(true, &there), QW_OK);
    link_pads_put(here, &label, halves[0], halves[1], sizeof halves[0]);
    link_pads_put(there, &label, halves[1], halves[0], sizeof halves[0]);
    wrap_keys(there, body, sizeof body);
    ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", body); /* no link to it is known */
    assert_problem(site, 400, "malformed request");
    assert_int_equal(partners_use_pads(site->service.partners, "kme-x", here), QW_ERR_NOT_FOUND);
    assert_int_equal(partners_use_pads(site->service.partners, "kme-a", here), QW_OK);
    ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", KEYS(ID, GOOD_URL)); /* in clear */
    assert_problem(site, 400, "malformed request");
    at = strstr(body, "alice");
    at[0] = 'A';
    ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", body);
    assert_problem(site, 400, "malformed request");
    at[0] = 'a';
    assert_int_equal(ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", body), 202);
    ask(site, PARTNER, "POST", "/kmapi/v1/ext_keys", body);
    assert_problem(site, 400, "malformed request");
    site->service.table = &routes_for_clients;
    assert_int_equal(
        ask(site, "urn:qwave:sae:bob", "GET", "/api/v1/keys/alice/dec_keys?key_ID=" ID, NULL), 200);
    assert_string_equal(site->text, "{\"keys\":[{\"key_ID\":\"" ID
                                    "\",\"key\":\"AAECAwQFBgcICQoLDA0ODw==\"}]}");
    link_pads_free(here);
    link_pads_free(there);
}

/* Nobody sends here: a partner that does not take its acknowledgements fills its own queue alone.
 */
static void test_too_many_acknowledgements_that_wait_are_a_limit(void **state)
{
    struct site *site = *state;
    unsigned taken = 0;

    while (ask(site, PARTNER, "POST", "/kmapi/v1/void", VOID(ID, GOOD_URL)) == 202) {
        taken++;
        assert_true(taken < 1000);
    }
    assert_problem(site, 503, "over a limit, later again");
    assert_int_not_equal(site->retry_after_s, 0);
    assert_int_equal(taken, 256);
}

static void test_a_folder_that_is_not_right_is_said_by_file(void **state)
{
    static const char *const texts[] = {
        "url: http://kme-c.example\ncertificate: c\nkey: k\nca: a\n",
        "url: https://kme-c.example\ncertificate: c\nkey: k\n",
        "url: https://kme-c.example\ncertificate: c\nkey: k\nca: a\nother: 1\n",
    };
    struct site *site = *state;
    struct settings settings = settings_of(site);
    struct partners *partners = NULL;
    char error[QW_CONFIG_ERROR_CAP];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file(settings.partners, "kme-c.yaml", texts[i]);
        error[0] = '\0';
        assert_int_equal(partners_open(&settings, NULL, &partners, error), QW_ERR_FORMAT);
        assert_null(partners);
        assert_non_null(strstr(error, "kme-c.yaml"));
    }
    snprintf(settings.partners, sizeof settings.partners, "%s/nowhere", site->folder);
    assert_int_equal(partners_open(&settings, NULL, &partners, error), QW_ERR_NOT_FOUND);
    assert_non_null(strstr(error, "nowhere"));
    settings.etsi020 = 0;
    assert_int_equal(partners_open(&settings, NULL, &partners, error), QW_OK);
    assert_null(partners);
    assert_null(partners_port(NULL));
}

static void replace(struct partners *partners, const char *folder)
{
    struct partner_list *list = NULL;
    char error[QW_CONFIG_ERROR_CAP] = "";

    assert_int_equal(partner_files_read(folder, &list, error), QW_OK);
    assert_int_equal(partners_prepare(partners, list, error), QW_OK);
    partners_replace(partners, list);
    free(list);
}

static void test_partners_come_change_and_go_by_a_reload(void **state)
{
    struct site *site = *state;
    struct settings settings = settings_of(site);
    struct partners *partners = site->service.partners;
    const struct qw_partner_port *port = partners_port(partners);
    char path[2 * SETTINGS_PATH_CAP];

    write_file(settings.partners, "kme-c.yaml",
               "url: https://kme-c.example/\ncertificate: c\nkey: k\nca: a\n");
    write_file(settings.partners, "kme-a.yaml",
               "url: https://other.example/\ncertificate: c\nkey: k\nca: a\n");
    assert_false(port->knows(port->self, "kme-c"));
    replace(partners, settings.partners);
    assert_true(port->knows(port->self, "kme-c"));
    assert_true(partners_may_call(partners, "kme-c", "https://kme-c.example/acks"));
    assert_true(partners_may_call(partners, "kme-a", "https://other.example/acks"));
    assert_false(partners_may_call(partners, "kme-a", "https://kme-a.example:9443/acks"));
    snprintf(path, sizeof path, "%s/kme-c.yaml", settings.partners);
    assert_int_equal(unlink(path), 0);
    replace(partners, settings.partners);
    assert_false(port->knows(port->self, "kme-c"));
    assert_false(partners_may_call(partners, "kme-c", "https://kme-c.example/acks"));
    write_file(settings.partners, "kme-c.yaml",
               "url: https://kme-c.example/\ncertificate: c\nkey: k\nca: a\n");
    replace(partners, settings.partners);
    assert_true(port->knows(port->self, "kme-c"));
}

/* Who has gone keeps his place until a restart. */
static void test_a_reload_has_no_room_for_more_partners_than_there_are_places(void **state)
{
    struct site *site = *state;
    struct partner_list *list = calloc(1, sizeof *list);
    char error[QW_CONFIG_ERROR_CAP] = "";

    assert_non_null(list);
    for (list->count = 0; list->count < PARTNERS_MAX; list->count++) {
        snprintf(list->entry[list->count].id, sizeof list->entry[0].id, "kme-%zu", list->count);
    }
    assert_int_equal(partners_prepare(site->service.partners, list, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "more than 16"));
    list->count--;
    assert_int_equal(partners_prepare(site->service.partners, list, error), QW_OK);
    free(list);
}

int main(void)
{
#define ON_A_SITE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_all)
    const struct CMUnitTest tests[] = {
        ON_A_SITE(test_keys_are_taken_and_the_target_gets_them),
        ON_A_SITE(test_versions_are_told),
        ON_A_SITE(test_partners_come_change_and_go_by_a_reload),
        ON_A_SITE(test_a_reload_has_no_room_for_more_partners_than_there_are_places),
        ON_A_SITE(test_the_same_id_again_is_refused),
        ON_A_SITE(test_a_callback_to_anybody_else_is_refused_and_nothing_is_kept),
        ON_A_SITE(test_every_truncation_of_a_body_is_refused),
        ON_A_SITE(test_errors_of_the_router_have_the_same_form),
        ON_A_SITE(test_over_a_link_only_what_is_under_its_pads_is_taken),
        ON_A_SITE(test_too_many_acknowledgements_that_wait_are_a_limit),
        ON_A_SITE(test_a_folder_that_is_not_right_is_said_by_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
