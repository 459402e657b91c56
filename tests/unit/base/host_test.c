/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/host.h"
#include "base/socket.h"
#include "support/fail_nth.h"

#include <netdb.h>

FAIL_NTH(int, getaddrinfo, EAI_MEMORY,
         (const char *name, const char *service, const struct addrinfo *hints,
          struct addrinfo **addresses),
         (name, service, hints, addresses));
FAIL_NTH(int, getnameinfo, EAI_MEMORY,
         (const struct sockaddr *address, socklen_t len, char *name, socklen_t name_len,
          char *service, socklen_t service_len, int flags),
         (address, len, name, name_len, service, service_len, flags));

enum { PATIENCE_MS = 60000 };

static void connects_by_name_and_by_number(void **state)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1" };
    uint16_t port;
    int listener;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    for (size_t i = 0; i < 2; i++) {
        int near = -1, far = -1;

        assert_int_equal(qw_host_connect(hosts[i], port, PATIENCE_MS, &near), QW_OK);
        assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &far), QW_OK);
        qw_socket_close(near);
        qw_socket_close(far);
    }
    qw_socket_close(listener);
}

static void says_that_nobody_listens(void **state)
{
    uint16_t port;
    int listener, fd = -1;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    qw_socket_close(listener);
    assert_int_equal(qw_host_connect("127.0.0.1", port, PATIENCE_MS, &fd), QW_ERR_CLOSED);
    assert_int_equal(fd, -1);
}

static void a_name_that_cannot_be_looked_up_is_not_found(void **state)
{
    int fd = -1;

    (void)state;
    for (int n = 1; n <= 2; n++) {
        fail_nth = n;
        assert_int_equal(qw_host_connect("127.0.0.1", 1, PATIENCE_MS, &fd), QW_ERR_NOT_FOUND);
    }
    fail_nth = 0;
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_by_name_and_by_number),
        cmocka_unit_test(says_that_nobody_listens),
        cmocka_unit_test(a_name_that_cannot_be_looked_up_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
