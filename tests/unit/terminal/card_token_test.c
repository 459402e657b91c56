/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 W14 A4 */
/* The objects of a card on a token, whose every answer the test gives. With softhsm2 behind it:
 * card_place_token_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"
#include "terminal/card_token.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS_MAX = 8 };
struct object {
    enum qw_pkcs11_kind kind;
    unsigned long handle; /* 0: gone */
    uint8_t data[QW_TOMBSTONE_LEN];
    size_t len;
};

static struct {
    enum qw_pkcs11_answer answer; /* of the call number fail_nth */
    int fail_nth, calls, opened, closed;
    struct object objects[OBJECTS_MAX];
    unsigned long ended[OBJECTS_MAX]; /* in this order */
    size_t ended_count;
} token;
static int session; /* what a session points to */
static struct qw_card_token card;

static enum qw_pkcs11_answer next_answer(void)
{
    return ++token.calls == token.fail_nth ? token.answer : QW_PKCS11_FINE;
}

enum qw_pkcs11_answer __wrap_qw_pkcs11_open(const char *module, const char *label,
                                            const uint8_t *pin, size_t pin_len,
                                            struct qw_pkcs11 **out);
enum qw_pkcs11_answer __wrap_qw_pkcs11_open(const char *module, const char *label,
                                            const uint8_t *pin, size_t pin_len,
                                            struct qw_pkcs11 **out)
{
    enum qw_pkcs11_answer answer = next_answer();

    assert_string_equal(module, "module");
    assert_string_equal(label, "token");
    assert_memory_equal(pin, "9081", pin_len);
    token.opened++;
    if (answer == QW_PKCS11_FINE) {
        *out = (struct qw_pkcs11 *)&session;
    }
    return answer;
}

void __wrap_qw_pkcs11_close(struct qw_pkcs11 *closed);
void __wrap_qw_pkcs11_close(struct qw_pkcs11 *closed)
{
    token.closed += closed != NULL;
}

enum qw_pkcs11_answer __wrap_qw_pkcs11_serial(struct qw_pkcs11 *of,
                                              char serial[static QW_PKCS11_SERIAL_LEN + 1]);
enum qw_pkcs11_answer __wrap_qw_pkcs11_serial(struct qw_pkcs11 *of,
                                              char serial[static QW_PKCS11_SERIAL_LEN + 1])
{
    (void)of;
    (void)snprintf(serial, QW_PKCS11_SERIAL_LEN + 1, "test-%d", (int)getpid());
    return next_answer();
}

enum qw_pkcs11_answer __wrap_qw_pkcs11_find(struct qw_pkcs11 *in, enum qw_pkcs11_kind kind,
                                            const char *label, struct qw_pkcs11_found *found);
enum qw_pkcs11_answer __wrap_qw_pkcs11_find(struct qw_pkcs11 *in, enum qw_pkcs11_kind kind,
                                            const char *label, struct qw_pkcs11_found *found)
{
    (void)in;
    assert_string_equal(label, "object");
    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        if (token.objects[i].handle != 0 && token.objects[i].kind == kind) {
            found->handle[found->count++] = token.objects[i].handle;
        }
    }
    return next_answer();
}

enum qw_pkcs11_answer __wrap_qw_pkcs11_data_read(struct qw_pkcs11 *from, unsigned long handle,
                                                 size_t max, uint8_t **data, size_t *len);
enum qw_pkcs11_answer __wrap_qw_pkcs11_data_read(struct qw_pkcs11 *from, unsigned long handle,
                                                 size_t max, uint8_t **data, size_t *len)
{
    const struct object *object = &token.objects[handle - 1];
    enum qw_pkcs11_answer answer = next_answer();

    (void)from;
    assert_true(object->len <= max);
    if (answer == QW_PKCS11_FINE) {
        *data = qw_secret_new(object->len);
        assert_non_null(*data);
        memcpy(*data, object->data, object->len);
        *len = object->len;
    }
    return answer;
}

enum qw_pkcs11_answer __wrap_qw_pkcs11_destroy(struct qw_pkcs11 *on, unsigned long handle);
enum qw_pkcs11_answer __wrap_qw_pkcs11_destroy(struct qw_pkcs11 *on, unsigned long handle)
{
    enum qw_pkcs11_answer answer = next_answer();

    (void)on;
    if (answer == QW_PKCS11_FINE) {
        token.ended[token.ended_count++] = handle;
        token.objects[handle - 1].handle = 0;
    }
    return answer;
}

/* Its handle: one more than its place. */
static unsigned long put(enum qw_pkcs11_kind kind, const void *data, size_t len)
{
    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        if (token.objects[i].handle == 0) {
            token.objects[i] = (struct object){ .kind = kind, .handle = i + 1, .len = len };
            memcpy(token.objects[i].data, data, len);
            return i + 1;
        }
    }
    fail();
    return 0;
}

static unsigned long put_tombstone(bool is_booked, uint8_t mark)
{
    static const uint8_t proof_key[32] = { 1 };
    const struct qw_destroy_proof proof = { .epoch = 1 };
    struct qw_tombstone tombstone = { .is_booked = is_booked, .done_hash = { mark } };
    uint8_t bytes[QW_TOMBSTONE_LEN];

    assert_int_equal(qw_destroy_proof_seal(&proof, proof_key, tombstone.proof), QW_OK);
    qw_tombstone_encode(&tombstone, bytes);
    return put(QW_PKCS11_DATA, bytes, sizeof bytes);
}

static int set_up(void **state)
{
    static uint8_t pin[] = "9081";

    (void)state;
    memset(&token, 0, sizeof token);
    memset(&card, 0, sizeof card);
    card.name = (struct qw_card_name){
        .kind = QW_CARD_ON_TOKEN, .token = "token", .object = "object", .module = "module"
    };
    card.pin = pin;
    card.pin_len = 4;
    card.lock = -1;
    return 0;
}

static void each_answer_of_a_token_has_its_meaning(void **state)
{
    static const struct {
        enum qw_pkcs11_answer answer;
        qw_err err;
    } rows[] = {
        { QW_PKCS11_FINE, QW_OK },
        { QW_PKCS11_WRONG_PIN, QW_ERR_AUTH },
        { QW_PKCS11_NO_MODULE, QW_ERR_UNAVAILABLE },
        { QW_PKCS11_NO_MECHANISM, QW_ERR_UNAVAILABLE },
        { QW_PKCS11_SEVERAL, QW_ERR_CONFLICT },
        { QW_PKCS11_NOT_AUTHENTIC, QW_ERR_FORMAT },
        { QW_PKCS11_FAILED, QW_ERR_IO },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(state);
        card.token = (struct qw_pkcs11 *)&session;
        card.now_data = 7;
        card.now_key = 8;
        assert_int_equal(qw_card_token_outcome(&card, rows[i].answer), rows[i].err);
        /* After a failure nobody knows how the session stands. */
        assert_int_equal(token.closed, rows[i].answer == QW_PKCS11_FAILED);
        assert_int_equal(card.token == NULL, rows[i].answer == QW_PKCS11_FAILED);
        assert_int_equal(card.now_data, rows[i].answer == QW_PKCS11_FAILED ? 0 : 7);
        assert_int_equal(card.now_key, rows[i].answer == QW_PKCS11_FAILED ? 0 : 8);
        assert_int_equal(card.is_shut, rows[i].answer == QW_PKCS11_WRONG_PIN);
    }
}

static void one_log_in_serves_until_it_fails(void **state)
{
    (void)state;
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    assert_int_equal(token.opened, 1);
    assert_int_equal(qw_card_token_outcome(&card, QW_PKCS11_FAILED), QW_ERR_IO);
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    assert_int_equal(token.opened, 2);
}

static void a_wrong_pin_is_not_tried_twice(void **state)
{
    (void)state;
    token.fail_nth = 1;
    token.answer = QW_PKCS11_WRONG_PIN;
    assert_int_equal(qw_card_token_log_in(&card), QW_ERR_AUTH);
    assert_int_equal(qw_card_token_log_in(&card), QW_ERR_AUTH);
    assert_int_equal(token.opened, 1);
}

static void one_process_at_a_time(void **state)
{
    struct qw_card_token other;

    (void)state;
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    other = card;
    assert_int_equal(qw_card_token_lock(&card), QW_OK);
    assert_int_equal(qw_card_token_lock(&other), QW_ERR_CONFLICT);
    close(other.lock);
    (void)snprintf(other.name.object, sizeof other.name.object, "another");
    assert_int_equal(qw_card_token_lock(&other), QW_OK); /* another card on the token */
    close(other.lock);
    close(card.lock);
    assert_int_equal(qw_card_token_lock(&card), QW_OK);
    close(card.lock);
    token.fail_nth = token.calls + 1;
    token.answer = QW_PKCS11_FAILED;
    assert_int_equal(qw_card_token_lock(&card), QW_ERR_IO);
}

static void it_looks_at_all_objects_whatever_they_hold(void **state)
{
    struct qw_card_objects objects;

    (void)state;
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    assert_int_equal(qw_card_token_look(&card, &objects), QW_OK);
    assert_int_equal(objects.count, 0);
    assert_null(qw_card_objects_tombstone(&objects));
    put(QW_PKCS11_DATA, "something else", 14);
    put(QW_PKCS11_KEY, "", 0);
    put_tombstone(false, 1);
    assert_int_equal(qw_card_token_look(&card, &objects), QW_OK);
    assert_int_equal(objects.count, 2);
    assert_false(objects.of[0].is_record || objects.of[0].is_tombstone);
    assert_true(objects.of[1].is_tombstone);
    assert_ptr_equal(qw_card_objects_tombstone(&objects), &objects.of[1]);
    qw_card_objects_forget(&objects);
    assert_int_equal(objects.count, 0);
}

static void a_booked_tombstone_goes_before_one_that_is_not(void **state)
{
    struct qw_card_objects objects;

    for (int booked = 0; booked < 3; booked++) {
        set_up(state);
        assert_int_equal(qw_card_token_log_in(&card), QW_OK);
        for (int i = 0; i < 3; i++) {
            put_tombstone(i == booked, (uint8_t)i);
        }
        assert_int_equal(qw_card_token_look(&card, &objects), QW_OK);
        assert_int_equal(qw_card_objects_tombstone(&objects)->tombstone.done_hash[0], booked);
        qw_card_objects_forget(&objects);
    }
}

static void a_look_that_fails_on_the_way_leaves_nothing_behind(void **state)
{
    qw_err err = QW_ERR_IO;

    for (int n = 2; err != QW_OK; n++) { /* call 1 is the log-in */
        struct qw_card_objects objects;

        assert_true(n < 20);
        set_up(state);
        put(QW_PKCS11_DATA, "one", 3);
        put_tombstone(true, 2);
        token.fail_nth = n;
        token.answer = QW_PKCS11_FAILED;
        assert_int_equal(qw_card_token_log_in(&card), QW_OK);
        err = qw_card_token_look(&card, &objects);
        assert_true(err == QW_OK || (err == QW_ERR_IO && objects.count == 0));
        qw_card_objects_forget(&objects); /* under the sanitizers: no leak */
    }
}

static void keys_go_first_and_what_is_kept_stays(void **state)
{
    unsigned long old_data, old_key, data, key;

    (void)state;
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    old_data = put(QW_PKCS11_DATA, "old", 3);
    data = put(QW_PKCS11_DATA, "new", 3);
    old_key = put(QW_PKCS11_KEY, "", 0);
    key = put(QW_PKCS11_KEY, "", 0);
    assert_int_equal(qw_card_token_clear(&card, data, key), QW_OK);
    assert_int_equal(token.ended_count, 2);
    assert_int_equal(token.ended[0], old_key); /* a record without its key is worth nothing */
    assert_int_equal(token.ended[1], old_data);
    assert_int_equal(qw_card_token_clear(&card, 0, 0), QW_OK);
    assert_int_equal(token.ended_count, 4);
    assert_int_equal(token.ended[2], key);
}

static void what_is_to_be_kept_and_is_not_there_is_somebody_elses_change(void **state)
{
    unsigned long data;

    (void)state;
    assert_int_equal(qw_card_token_log_in(&card), QW_OK);
    data = put(QW_PKCS11_DATA, "new", 3);
    assert_int_equal(qw_card_token_clear(&card, data, 5), QW_ERR_CONFLICT);
    assert_int_equal(token.ended_count, 0);
    assert_int_equal(qw_card_token_clear(&card, data + 1, 0), QW_ERR_CONFLICT);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_answer_of_a_token_has_its_meaning),
        TEST(one_log_in_serves_until_it_fails),
        TEST(a_wrong_pin_is_not_tried_twice),
        TEST(one_process_at_a_time),
        TEST(it_looks_at_all_objects_whatever_they_hold),
        TEST(a_booked_tombstone_goes_before_one_that_is_not),
        TEST(a_look_that_fails_on_the_way_leaves_nothing_behind),
        TEST(keys_go_first_and_what_is_kept_stays),
        TEST(what_is_to_be_kept_and_is_not_there_is_somebody_elses_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
