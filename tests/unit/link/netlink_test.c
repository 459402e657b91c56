/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_kernel.h"
#include "link/wireguard/netlink.h"

#include <errno.h>

static unsigned taken;

static qw_err count(void *self, const void *start, size_t len)
{
    (void)start;
    (void)len;
    taken++;
    return self == NULL ? QW_OK : QW_ERR_SPACE;
}

static struct qw_netlink_turn a_turn(void)
{
    return (struct qw_netlink_turn){ .family = FAKE_FAMILY,
                                     .command = WG_CMD_GET_DEVICE,
                                     .sequence = FAKE_SEQUENCE,
                                     .port = FAKE_PORT };
}

static qw_err read_text(const struct fake_text *t, struct qw_netlink_turn *turn)
{
    *turn = a_turn();
    taken = 0;
    return qw_netlink_read(turn, t->bytes, t->len, count, NULL);
}

static void messages_are_given_one_by_one_until_the_last_word(void **state)
{
    struct fake_text t = { 0 };
    struct qw_netlink_turn turn = a_turn();
    int wrong = 1;

    (void)state;
    fake_end(&t, fake_device(&t, FAKE_SEQUENCE, NLM_F_DUMP_INTR));
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, count, &wrong), QW_ERR_SPACE);
    fake_end(&t, fake_device(&t, FAKE_SEQUENCE, 0));
    assert_int_equal(read_text(&t, &turn), QW_OK);
    assert_false(turn.is_done);
    fake_last(&t, NLMSG_DONE, FAKE_SEQUENCE, 0);
    assert_int_equal(read_text(&t, &turn), QW_OK);
    assert_int_equal(taken, 2);
    assert_true(turn.is_done && turn.is_interrupted && turn.error == 0);
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, count, NULL),
                     QW_ERR_FORMAT); /* again */
    fake_last(&t, NLMSG_DONE, FAKE_SEQUENCE, 0);
    assert_int_equal(read_text(&t, &turn), QW_ERR_FORMAT); /* behind the last word */
}

static void an_error_is_noted(void **state)
{
    struct fake_text t = { 0 };
    struct qw_netlink_turn turn;

    (void)state;
    fake_last(&t, NLMSG_ERROR, FAKE_SEQUENCE, EPERM);
    assert_int_equal(read_text(&t, &turn), QW_OK);
    assert_true(turn.is_done);
    assert_int_equal(turn.error, EPERM);
    t.len = 0;
    fake_last(&t, NLMSG_ERROR, FAKE_SEQUENCE, -1);
    assert_int_equal(read_text(&t, &turn), QW_ERR_FORMAT);
    t.len = 0;
    fake_last(&t, NLMSG_ERROR, FAKE_SEQUENCE, 4096);
    assert_int_equal(read_text(&t, &turn), QW_ERR_FORMAT);
}

static void what_was_not_asked_for_is_refused(void **state)
{
    struct fake_text t = { 0 };
    struct qw_netlink_turn turn = a_turn();

    (void)state;
    fake_end(&t, fake_device(&t, FAKE_SEQUENCE + 1, 0)); /* another question's */
    assert_int_equal(read_text(&t, &turn), QW_ERR_FORMAT);
    t.len = 0;
    fake_end(&t, fake_device(&t, FAKE_SEQUENCE, 0));
    assert_int_equal(read_text(&t, &turn), QW_OK);
    turn = a_turn();
    turn.port++; /* another one's answer */
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, count, NULL), QW_ERR_FORMAT);
    turn = a_turn();
    turn.command++;
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, count, NULL), QW_ERR_FORMAT);
    turn = a_turn();
    turn.family++;
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, count, NULL), QW_ERR_FORMAT);
    turn = a_turn(); /* nothing but the last word is waited for */
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, NULL, NULL), QW_ERR_FORMAT);
    for (size_t len = 0; len < t.len; len++) {
        assert_int_equal(qw_netlink_read(&turn, t.bytes, len, count, NULL), QW_ERR_FORMAT);
    }
}

/* libmnl alone would read on, two thousand million octets before or behind. */
static void a_length_of_over_two_to_the_31_is_refused(void **state)
{
    struct fake_text t = { 0 };
    struct qw_netlink_turn turn;

    (void)state;
    fake_last(&t, NLMSG_ERROR, FAKE_SEQUENCE, 0);
    t.bytes[3] = 0xf5;
    assert_int_equal(read_text(&t, &turn), QW_ERR_FORMAT);
    assert_false(turn.is_done);
}

static qw_err stop_at_second(void *self, const struct nlattr *member)
{
    (void)member;
    return ++*(int *)self == 2 ? QW_ERR_SPACE : QW_OK;
}

static void attributes_are_found_and_their_lengths_checked(void **state)
{
    struct fake_text t = { 0 };
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    uint64_t value = 0;
    int seen = 0;
    size_t nest = fake_nest(&t, 2);

    (void)state;
    fake_u64(&t, 5, 77);
    fake_u8(&t, 6, 1);
    fake_close(&t, nest);
    fake_u16(&t, QW_NETLINK_ATTRIBUTES, 1); /* nobody's */
    assert_int_equal(qw_netlink_attributes(t.bytes, t.len, of), QW_OK);
    assert_non_null(of[2]);
    assert_int_equal(qw_netlink_each(of[2], stop_at_second, &seen), QW_ERR_SPACE);
    assert_int_equal(
        qw_netlink_attributes(mnl_attr_get_payload(of[2]), mnl_attr_get_payload_len(of[2]), of),
        QW_OK);
    assert_null(of[2]);
    assert_true(qw_netlink_fixed(of[5], &value, sizeof value));
    assert_int_equal(value, 77);
    assert_false(qw_netlink_fixed(of[5], &value, 4));
    assert_false(qw_netlink_fixed(of[1], &value, 0));
    fake_u64(&t, 2, 1); /* twice */
    assert_int_equal(qw_netlink_attributes(t.bytes, t.len, of), QW_ERR_FORMAT);
    t.bytes[0] = 3; /* shorter than its own head */
    assert_int_equal(qw_netlink_attributes(t.bytes, t.len, of), QW_ERR_FORMAT);
    assert_int_equal(qw_netlink_padded(5), 8);
    assert_int_equal(qw_netlink_padded(8), 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_given_one_by_one_until_the_last_word),
        cmocka_unit_test(an_error_is_noted),
        cmocka_unit_test(what_was_not_asked_for_is_refused),
        cmocka_unit_test(a_length_of_over_two_to_the_31_is_refused),
        cmocka_unit_test(attributes_are_found_and_their_lengths_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
