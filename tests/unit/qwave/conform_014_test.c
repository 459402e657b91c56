/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* The conformance checks against a little server that is right, and then wrong in one way after the
 * other: each wrongness must fail the check that is named for it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "base/base64.h"
#include "conform/conform_014.h"

#include <stdio.h>
#include <string.h>

enum wrongness {
    RIGHT,
    SERVES_ANYBODY,
    LEAVES_A_FIELD_OUT,
    NAMES_ANOTHER_MASTER,
    CLAIMS_NONSENSE,
    STATUS_STANDS_STILL,
    TAKES_BITS_FOR_BYTES,
    IGNORES_NUMBER,
    IGNORES_SIZE,
    ANSWERS_MORE_THAN_IT_MAY,
    REPEATS_A_KEY,
    WRONG_TEXT_FOR_ODD_SIZES,
    WRONG_TEXT_FOR_EXTENSIONS,
    WRONG_TEXT_FOR_UNKNOWN_KEYS,
    TAKES_WRONG_VALUES,
    TAKES_MALFORMED_BODIES,
    REFUSES_OPTIONAL_EXTENSIONS,
    GIVES_TO_UNKNOWN_SLAVES,
    FORGETS_EARLIER_KEYS,
    GIVES_OTHER_KEYS_TO_SLAVES,
    GIVES_TO_ANYBODY,
    CHANGES_A_REPEAT,
    BURNS_WHAT_IT_DOES_NOT_GIVE,
    HAS_NO_ERROR_BODY,
    REFUSES_UNKNOWN_MEMBERS,
    REFUSES_EMPTY_POSTS,
    TAKES_TOO_MANY_SLAVES,
    FORGETS_ADDITIONAL_SLAVES,
    FAILS_ALWAYS,
    NO_GET,
    WRONGNESS_COUNT
};

enum { STORE = 512, KEY_BITS = 256, SIZE_MAX_BITS = 512, SIZE_MIN_BITS = 64, PER_REQUEST = 8 };
#define TEXT_UNKNOWN "one or more keys specified are not found on KME"

struct little { /* the server */
    enum wrongness wrongness;
    size_t issued; /* keys: number i has id i */
    uint64_t bits[STORE];
    bool is_shared[STORE], is_burnt[STORE];
    unsigned fetches[STORE];
    char answer[8192];
};

static void error_body(struct little *s, const char *message)
{
    (void)snprintf(s->answer, sizeof s->answer,
                   s->wrongness == HAS_NO_ERROR_BODY ? "<html>%s</html>" : "{\"message\":\"%s\"}",
                   message);
}

static unsigned refuse(struct little *s, unsigned status, const char *message)
{
    error_body(s, message);
    return status;
}

static size_t put_key(struct little *s, size_t at, size_t number, unsigned variant)
{
    uint8_t bytes[SIZE_MAX_BITS];
    char text[2 * SIZE_MAX_BITS];
    size_t len = s->wrongness == TAKES_BITS_FOR_BYTES ? s->bits[number] : s->bits[number] / 8;
    size_t same = s->wrongness == REPEATS_A_KEY ? 1 : number;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(same * 31 + i * 7 + same / 256 + variant);
    }
    qw_base64_encode(bytes, len, text);
    return at + (size_t)snprintf(s->answer + at, sizeof s->answer - at,
                                 "%s{\"key_ID\":\"00000000-0000-4000-8000-%012zx\",\"key\":\"%s\"}",
                                 s->answer[at - 1] == '[' ? "" : ",", number, text);
}

static unsigned answer_status(struct little *s)
{
    size_t stored = s->wrongness == STATUS_STANDS_STILL ? 100 : STORE - s->issued;

    (void)snprintf(s->answer, sizeof s->answer,
                   "{\"source_KME_ID\":\"k\",\"target_KME_ID\":\"k\",\"master_SAE_ID\":\"%s\","
                   "\"slave_SAE_ID\":\"b ob\",\"key_size\":%d,%s\"max_key_count\":%d,"
                   "\"max_key_per_request\":%d,\"max_key_size\":%d,\"min_key_size\":%d,"
                   "\"max_SAE_ID_count\":2,\"stored_key_count\":%zu}",
                   s->wrongness == NAMES_ANOTHER_MASTER ? "eve" : "alice", KEY_BITS,
                   s->wrongness == LEAVES_A_FIELD_OUT ? "\"max_kez\":1," : "",
                   s->wrongness == CLAIMS_NONSENSE ? 1 : STORE, PER_REQUEST, SIZE_MAX_BITS,
                   SIZE_MIN_BITS, stored);
    if (s->wrongness == LEAVES_A_FIELD_OUT) {
        memcpy(strstr(s->answer, "max_key_per_request"), "max_key_per_REQUEST", 19);
    }
    return 200;
}

/* The first number behind name, or standard. Good enough for bodies the checks make. */
static double number_in(const char *text, const char *name, double standard)
{
    const char *at = text == NULL ? NULL : strstr(text, name);
    double value = standard;

    if (at != NULL &&
        sscanf(at + strlen(name) + strspn(at + strlen(name), "\":= "), "%lf", &value) != 1) {
        return -1; /* a text */
    }
    return value;
}

static unsigned answer_enc(struct little *s, const char *method, const char *path, const char *body)
{
    const char *where = strcmp(method, "GET") == 0 ? strchr(path, '?') : body;
    double number = number_in(where, "number", 1);
    double size = number_in(where, "size", KEY_BITS);
    size_t slaves = 0;
    size_t at;

    if (strcmp(method, "POST") == 0 && body == NULL && s->wrongness == REFUSES_EMPTY_POSTS) {
        return refuse(s, 400, "empty");
    }
    if (body != NULL && (body[0] != '{' || body[strlen(body) - 1] != '}') &&
        s->wrongness != TAKES_MALFORMED_BODIES) {
        return refuse(s, 400, "malformed");
    }
    if (body != NULL && strstr(body, "mandatory") != NULL) {
        return refuse(s, 400,
                      s->wrongness == WRONG_TEXT_FOR_EXTENSIONS
                          ? "unsupported"
                          : "not all extension_mandatory parameters are supported");
    }
    if (body != NULL && strstr(body, "optional") != NULL &&
        s->wrongness == REFUSES_OPTIONAL_EXTENSIONS) {
        return refuse(s, 400, "no");
    }
    if (body != NULL && strstr(body, ",\"conform_unknown\"") != NULL &&
        s->wrongness == REFUSES_UNKNOWN_MEMBERS) {
        return refuse(s, 400, "no");
    }
    for (const char *c = body == NULL ? NULL : strstr(body, "IDs\":["); c != NULL && *c != '\0';
         c++) {
        slaves += *c == '"' ? 1 : 0;
    }
    if (slaves > 2 * 2 + 1 && s->wrongness != TAKES_TOO_MANY_SLAVES) {
        return refuse(s, 400, "too many");
    }
    if (strstr(path, "no-such") != NULL && s->wrongness != GIVES_TO_UNKNOWN_SLAVES) {
        return refuse(s, 400, "unknown slave");
    }
    if ((int)size % 8 != 0 && size > 0) {
        return refuse(s, 400,
                      s->wrongness == WRONG_TEXT_FOR_ODD_SIZES ? "bad size"
                                                               : "size shall be a multiple of 8");
    }
    if (number < 1 || number > (int)number || size < 1) {
        if (s->wrongness != TAKES_WRONG_VALUES) {
            return refuse(s, 400, "malformed");
        }
        number = 1;
        size = KEY_BITS;
    }
    if (number > PER_REQUEST || size > SIZE_MAX_BITS || size < SIZE_MIN_BITS) {
        if (s->wrongness != ANSWERS_MORE_THAN_IT_MAY) {
            return refuse(s, 400, "out of range");
        }
        number = 1;
        size = KEY_BITS;
    }
    number = s->wrongness == IGNORES_NUMBER ? 1 : number;
    size = s->wrongness == IGNORES_SIZE ? KEY_BITS : size;
    at = (size_t)snprintf(s->answer, sizeof s->answer, "{\"keys\":[");
    for (int i = 0; i < (int)number; i++) {
        s->issued++;
        assert_true(s->issued < STORE);
        s->bits[s->issued] = (uint64_t)size;
        s->is_shared[s->issued] = slaves > 0 && s->wrongness != FORGETS_ADDITIONAL_SLAVES;
        if (s->wrongness == FORGETS_EARLIER_KEYS && i == 0) {
            memset(s->is_burnt, true, s->issued);
        }
        at = put_key(s, at, s->issued, 0);
    }
    (void)snprintf(s->answer + at, sizeof s->answer - at, "]}");
    return 200;
}

/* Ids in a body or a query: whatever looks like one of ours. */
static size_t ids_in(const char *text, size_t *ids, size_t cap, bool *unknown)
{
    size_t count = 0;

    *unknown = false;
    for (const char *c = text; c != NULL && (c = strstr(c, "-8000-")) != NULL; c += 6) {
        unsigned long number = 0;

        if (sscanf(c + 6, "%12lx", &number) != 1 || number == 0 || number >= STORE) {
            *unknown = true;
        } else if (count < cap) {
            ids[count++] = number;
        }
    }
    return count;
}

static unsigned answer_dec(struct little *s, enum conform_who who, const char *method,
                           const char *path, const char *body)
{
    size_t ids[PER_REQUEST];
    bool unknown = false;
    size_t count = ids_in(strcmp(method, "GET") == 0 ? path : body, ids, PER_REQUEST, &unknown);
    size_t at;

    if (strcmp(method, "GET") == 0 && s->wrongness == NO_GET) {
        return refuse(s, 405, "no");
    }
    if (count == 0 && !unknown) {
        return refuse(s, 400, "malformed");
    }
    for (size_t i = 0; i < count; i++) {
        bool is_party = who == CONFORM_SLAVE || (who == CONFORM_OTHER && s->is_shared[ids[i]]);

        if (!is_party && s->wrongness != GIVES_TO_ANYBODY) {
            return refuse(s, 401, "not authorised");
        }
        unknown = unknown || s->is_burnt[ids[i]];
        s->is_burnt[ids[i]] =
            s->is_burnt[ids[i]] || (unknown && s->wrongness == BURNS_WHAT_IT_DOES_NOT_GIVE);
    }
    if (unknown) {
        if (s->wrongness == BURNS_WHAT_IT_DOES_NOT_GIVE) {
            for (size_t i = 0; i < count; i++) {
                s->is_burnt[ids[i]] = true;
            }
        }
        return refuse(s, 400, s->wrongness == WRONG_TEXT_FOR_UNKNOWN_KEYS ? "who?" : TEXT_UNKNOWN);
    }
    at = (size_t)snprintf(s->answer, sizeof s->answer, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        unsigned variant = s->wrongness == GIVES_OTHER_KEYS_TO_SLAVES ? 1 : 0;

        variant += s->wrongness == CHANGES_A_REPEAT ? s->fetches[ids[i]] : 0;
        s->fetches[ids[i]]++;
        at = put_key(s, at, ids[i], variant);
    }
    (void)snprintf(s->answer + at, sizeof s->answer - at, "]}");
    return 200;
}

static qw_err little_ask(void *self, enum conform_who who, const char *method, const char *path,
                         const char *body, unsigned *status, const char **answer)
{
    struct little *s = self;

    if (s->wrongness == FAILS_ALWAYS) {
        return QW_ERR_IO;
    }
    if (who == CONFORM_NOBODY && s->wrongness != SERVES_ANYBODY) {
        return QW_ERR_AUTH;
    }
    if (strstr(path, "/status") != NULL) {
        *status = answer_status(s);
    } else if (strstr(path, "/enc_keys") != NULL) {
        assert_true(strstr(path, "/b%20ob/") != NULL || strstr(path, "no-such") != NULL);
        *status = answer_enc(s, method, path, body);
    } else {
        *status = answer_dec(s, who, method, path, body);
    }
    *answer = s->answer;
    return QW_OK;
}

static void run_against(enum wrongness wrongness, const char *other, struct conform_report *report)
{
    static struct little little;
    struct conform_server server = { .self = &little,
                                     .ask = little_ask,
                                     .master_id = "alice",
                                     .slave_id = "b ob",
                                     .other_id = other,
                                     .has_nobody = true };

    memset(&little, 0, sizeof little);
    little.wrongness = wrongness;
    conform_014(&server, report);
    assert_int_equal(report->passed + report->failed + report->skipped, report->count);
}

static const struct conform_row *row_of(const struct conform_report *report, const char *id)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].title.id, id) == 0) {
            return &report->rows[i];
        }
    }
    fail_msg("no check %s", id);
    return NULL;
}

static void a_right_server_passes_everything(void **state)
{
    struct conform_report report;

    (void)state;
    run_against(RIGHT, "carol", &report);
    for (size_t i = 0; i < report.count; i++) {
        if (report.rows[i].result != CONFORM_PASSED) {
            fail_msg("%s: %s", report.rows[i].title.id, report.rows[i].reason);
        }
    }
    assert_int_equal(report.mandatory_failed, 0);
}

static void what_cannot_be_tried_is_skipped(void **state)
{
    struct conform_report report;

    (void)state;
    run_against(RIGHT, NULL, &report);
    assert_int_equal(report.failed, 0);
    assert_int_equal(report.skipped, 2);
    assert_int_equal(row_of(&report, "D9")->result, CONFORM_SKIPPED);
    assert_int_equal(row_of(&report, "M2")->result, CONFORM_SKIPPED);
    assert_string_not_equal(row_of(&report, "M2")->reason, "");
}

static void each_wrongness_fails_its_check(void **state)
{
    static const char *const fails[WRONGNESS_COUNT] = {
        [SERVES_ANYBODY] = "T1",
        [LEAVES_A_FIELD_OUT] = "S1",
        [NAMES_ANOTHER_MASTER] = "S2",
        [CLAIMS_NONSENSE] = "S3",
        [STATUS_STANDS_STILL] = "S4",
        [TAKES_BITS_FOR_BYTES] = "E1",
        [IGNORES_NUMBER] = "E2",
        [IGNORES_SIZE] = "E6",
        [ANSWERS_MORE_THAN_IT_MAY] = "E7",
        [REPEATS_A_KEY] = "E14",
        [WRONG_TEXT_FOR_ODD_SIZES] = "E9",
        [WRONG_TEXT_FOR_EXTENSIONS] = "E12",
        [WRONG_TEXT_FOR_UNKNOWN_KEYS] = "D5",
        [TAKES_WRONG_VALUES] = "E10",
        [TAKES_MALFORMED_BODIES] = "E11",
        [REFUSES_OPTIONAL_EXTENSIONS] = "E13",
        [GIVES_TO_UNKNOWN_SLAVES] = "E15",
        [FORGETS_EARLIER_KEYS] = "D4",
        [GIVES_OTHER_KEYS_TO_SLAVES] = "D1",
        [GIVES_TO_ANYBODY] = "D9",
        [CHANGES_A_REPEAT] = "D10",
        [BURNS_WHAT_IT_DOES_NOT_GIVE] = "D6",
        [HAS_NO_ERROR_BODY] = "D7",
        [REFUSES_UNKNOWN_MEMBERS] = "E16",
        [REFUSES_EMPTY_POSTS] = "E4",
        [TAKES_TOO_MANY_SLAVES] = "M1",
        [FORGETS_ADDITIONAL_SLAVES] = "M2",
        [FAILS_ALWAYS] = "S1",
        [NO_GET] = "D2",
    };
    struct conform_report report;

    (void)state;
    for (int wrongness = RIGHT + 1; wrongness < WRONGNESS_COUNT; wrongness++) {
        const struct conform_row *row;

        run_against((enum wrongness)wrongness, "carol", &report);
        row = row_of(&report, fails[wrongness]);
        if (row->result != CONFORM_FAILED || row->reason[0] == '\0') {
            fail_msg("wrongness %d was not found by %s", wrongness, row->title.id);
        }
        if (row->title.is_mandatory) {
            assert_true(report.mandatory_failed >= 1);
        } else {
            assert_int_equal(report.mandatory_failed, 0); /* good practice alone fails nobody */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_server_passes_everything),
        cmocka_unit_test(what_cannot_be_tried_is_skipped),
        cmocka_unit_test(each_wrongness_fails_its_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
