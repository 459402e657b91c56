/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* With the kernel that this runs on, whatever it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "link/wireguard/netlink.h"
#include "link/wireguard/netlink_line.h"

#include <linux/genetlink.h>
#include <string.h>

static struct mnl_socket *line;

static int open_line(void **state)
{
    (void)state;
    if (qw_netlink_open(&line) != QW_OK) {
        print_message("no generic netlink here\n");
        line = NULL;
    }
    return 0;
}

static int close_line(void **state)
{
    (void)state;
    return line == NULL ? 0 : mnl_socket_close(line);
}

static void ask_for(const char *family, struct qw_netlink_turn *turn)
{
    _Alignas(8) uint8_t request[256];
    struct nlmsghdr *message;

    *turn = (struct qw_netlink_turn){ .family = GENL_ID_CTRL,
                                      .command = CTRL_CMD_NEWFAMILY,
                                      .sequence = 1,
                                      .port = mnl_socket_get_portid(line) };
    message = qw_netlink_begin(request, turn, CTRL_CMD_GETFAMILY, NLM_F_ACK);
    mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, family);
    assert_int_equal(qw_netlink_send(line, request, message->nlmsg_len), QW_OK);
}

static qw_err note_number(void *self, const void *start, size_t len)
{
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];

    assert_int_equal(qw_netlink_attributes(start, len, of), QW_OK);
    assert_true(qw_netlink_fixed(of[CTRL_ATTR_FAMILY_ID], self, sizeof(uint16_t)));
    return QW_OK;
}

static void the_kernel_answers(void **state)
{
    _Alignas(8) uint8_t datagram[8192];
    struct qw_netlink_turn turn;
    uint16_t number = 0;

    (void)state;
    if (line == NULL) {
        skip();
    }
    ask_for("nlctrl", &turn);
    while (!turn.is_done) {
        size_t len = 0;

        assert_int_equal(qw_netlink_receive(line, datagram, sizeof datagram, &len,
                                            qw_clock_monotonic_ms() + 10000),
                         QW_OK);
        assert_int_equal(qw_netlink_read(&turn, datagram, len, note_number, &number), QW_OK);
    }
    assert_int_equal(turn.error, 0);
    assert_int_equal(number, GENL_ID_CTRL);
}

static void an_answer_longer_than_the_room_and_none_at_all_are_errors(void **state)
{
    _Alignas(8) uint8_t datagram[8192];
    struct qw_netlink_turn turn;
    size_t len = 4711;

    (void)state;
    if (line == NULL) {
        skip();
    }
    assert_int_equal(qw_netlink_receive(line, datagram, sizeof datagram, &len, 0), QW_ERR_TIMEOUT);
    assert_int_equal(len, 4711);
    ask_for("nlctrl", &turn);
    assert_int_equal(qw_netlink_receive(line, datagram, 20, &len, qw_clock_monotonic_ms() + 10000),
                     QW_ERR_SPACE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_kernel_answers, open_line, close_line),
        cmocka_unit_test_setup_teardown(an_answer_longer_than_the_room_and_none_at_all_are_errors,
                                        open_line, close_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
