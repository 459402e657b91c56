/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#define _GNU_SOURCE
#include "node/node_light.h"

#include "base/clock.h"
#include "base/socket.h"
#include "node/node_feed.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static char folder[] = "/tmp/qwave-light.XXXXXX";
static char path[64], entry[80];
static struct qw_log quiet = { .component = "node", .level = QW_LOG_ERROR };
static struct node_feed feed;
static struct node node;
static int listener;

static int setup(void **state)
{
    (void)state;
    node = (struct node){ .log = &quiet, .links_count = 2 };
    node.links[0] = (struct node_link){ .neighbour = 4, .feed = &feed };
    node.links[1] = (struct node_link){ .neighbour = 5 };
    return node_light_add(&node, entry) != QW_OK;
}

static int teardown(void **state)
{
    (void)state;
    node_light_close(&node.links[0]);
    node_light_close(&node.links[1]); /* without one */
    return node.links[0].light != NULL;
}

/* The optics; they may be there later than the node. */
static void open_optics(void)
{
    assert_int_equal(qw_socket_listen_unix(path, &listener), QW_OK);
}

static int optics_of(void)
{
    int fd = -1;

    assert_int_equal(qw_socket_accept(listener, 5000, &fd), QW_OK);
    return fd;
}

/* The next word, or -1: nothing was said. */
static int said(int fd)
{
    uint8_t word;
    size_t len;

    return qw_socket_read_some(fd, &word, 1, &len, qw_clock_monotonic_ms()) == QW_OK ? word : -1;
}

static void changes_are_said_once(void **state)
{
    struct node_link *link = &node.links[0];
    int fd;

    (void)state;
    open_optics();
    node_light_turn(link, false, 1000);
    fd = optics_of();
    assert_int_equal(said(fd), 0);
    node_light_turn(link, false, 1020);
    node_light_turn(link, true, 1040);
    node_light_turn(link, true, 1060);
    assert_int_equal(said(fd), 1);
    node_light_turn(link, false, 1080);
    assert_int_equal(said(fd), 0);
    assert_int_equal(said(fd), -1);
    node_light_turn(&node.links[1], true, 1080); /* without a light */
    qw_socket_close(fd);
    qw_socket_close(listener);
    unlink(path);
}

static void optics_that_come_later_or_again_are_told_at_once(void **state)
{
    struct node_link *link = &node.links[0];
    int fd;

    (void)state;
    node_light_turn(link, true, 1000); /* nobody there */
    assert_int_equal(link->light->fd, -1);
    open_optics();
    node_light_turn(link, true, 1100); /* not again so soon */
    assert_int_equal(link->light->fd, -1);
    node_light_turn(link, true, 1200);
    fd = optics_of();
    assert_int_equal(said(fd), 1);
    qw_socket_close(fd); /* killed, and started again */
    node_light_turn(link, true, 1220);
    node_light_turn(link, true, 1400);
    fd = optics_of();
    assert_int_equal(said(fd), 1);
    node_light_close(link); /* a relay that ends leaves it dark */
    assert_int_equal(said(fd), -1);
    qw_socket_close(fd);
    qw_socket_close(listener);
    unlink(path);
}

static void optics_that_speak_are_left(void **state)
{
    struct node_link *link = &node.links[0];
    int fd;

    (void)state;
    open_optics();
    node_light_turn(link, true, 1000);
    fd = optics_of();
    assert_int_equal(qw_socket_write(fd, "x", 1, qw_clock_monotonic_ms() + 60000), QW_OK);
    node_light_turn(link, true, 1020);
    assert_int_equal(link->light->fd, -1);
    qw_socket_close(fd);
    qw_socket_close(listener);
    unlink(path);
}

static void what_fits_no_link_is_refused(void **state)
{
    static const char *const wrong[] = { "4", "x=y", "6=y", "5=y", "4=y@127.0.0.1:9", "4=z" };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) { /* the last: a second one */
        assert_int_equal(node_light_add(&node, wrong[i]), QW_ERR_FORMAT);
    }
    node_light_close(&node.links[0]);
    fail_nth = 1;
    assert_int_equal(node_light_add(&node, entry), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(node.links[0].light);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_are_said_once, setup, teardown),
        cmocka_unit_test_setup_teardown(optics_that_come_later_or_again_are_told_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(optics_that_speak_are_left, setup, teardown),
        cmocka_unit_test_setup_teardown(what_fits_no_link_is_refused, setup, teardown),
    };
    int status;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    quiet.stream = stderr;
    (void)snprintf(path, sizeof path, "%s/s", folder);
    (void)snprintf(entry, sizeof entry, "4=%s", path);
    status = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? status : 1;
}
