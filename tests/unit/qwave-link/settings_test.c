/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C6 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "settings.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char own[] = "sae_id: site-b\nkey_server_url: https://a:1\ncertificate: c\nkey: k\n"
                          "ca: x.pem\npassphrase_file: p\n";

#define WG_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ZERO_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static qw_err read_text(const char *peers, struct settings *settings,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    char path[] = "/tmp/qwave-link-settings-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "w");
    qw_err err;

    assert_non_null(out);
    assert_true(fprintf(out, "%s%s", own, peers) > 0);
    assert_int_equal(fclose(out), 0);
    err = settings_read(path, settings, error);
    assert_int_equal(unlink(path), 0);
    return err;
}

static void many_peers_stand_in_one_file_with_their_roles_and_defaults(void **state)
{
    struct settings settings;
    char error[QW_CONFIG_ERROR_CAP];

    (void)state;
    assert_int_equal(read_text("peers:\n"
                               "  - peer: site-a\n    sink: psk-file\n    file: a.psk\n"
                               "  - peer: site-c\n    address: h:1\n    sink: psk-file\n"
                               "    file: c.psk\n    fail: open\n    signal: usr2\n"
                               "    peer_identity: CN of c\n",
                               &settings, error),
                     QW_OK);
    assert_int_equal(settings.peer_count, 2);
    assert_string_equal(settings.peer_ca, "x.pem");
    assert_int_equal(settings.peers[0].role, QW_LINK_RESPONDER);
    assert_string_equal(settings.peers[0].peer_identity, "urn:qwave:sae:site-a");
    assert_string_equal(settings.peers[0].link, "main");
    assert_int_equal(settings.peers[0].fail, 0);
    assert_int_equal(settings.peers[0].signal_number, SIGHUP);
    assert_true(settings.peers[0].rekey_s == 3600 && settings.peers[0].hard_s == 86400);
    assert_int_equal(settings.peers[1].role, QW_LINK_INITIATOR);
    assert_string_equal(settings.peers[1].peer_identity, "CN of c");
    assert_int_equal(settings.peers[1].fail, 1);
    assert_int_equal(settings.peers[1].signal_number, SIGUSR2);
    settings_free(&settings);
}

static void entries_that_cannot_work_are_named(void **state)
{
    static const struct {
        const char *peers, *says;
    } rows[] = {
        { "", "peers: at least one" },
        { "peers: []\n", "peers: at least one" },
        { "peers:\n  - peer: site-b\n    sink: psk-file\n    file: f\n", "a link with oneself" },
        { "peers:\n  - peer: site-c\n    sink: psk-file\n    file: f\n", "address must be given" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n", "file must be given" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n    file: d/f\n    joined: j\n",
          "file must end in .psk" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n    file: d/f.psk\n    joined: d/j.psk\n",
          "joined must not" },
        { "peers:\n  - peer: site-a\n    sink: magic\n",
          "sink: \"magic\" is not one of psk-file, wireguard, strongswan" },
        { "peers:\n  - peer: site-a\n    sink: strongswan\n    connection: b\n",
          "swanctl_conf and connection must" },
        { "peers:\n  - peer: site-a\n    sink: strongswan\n    connection: b\n"
          "    swanctl_conf: f\n  - peer: site-a0\n    sink: strongswan\n"
          "    connection: b\n    swanctl_conf: f\n",
          "its connection is another's too" },
        { "peers:\n  - peer: site-a\n    sink: strongswan\n    connection: b\n    hold_ms: 9\n"
          "    swanctl_conf: f\n  - peer: site-a0\n    sink: strongswan\n    hold_ms: 8\n"
          "    connection: c\n    swanctl_conf: f\n",
          "its hold_queue is another's too" },
        { "peers:\n  - peer: site-a\n    sink: wireguard\n    interface: wg0\n",
          "public_key must" },
        { "peers:\n  - peer: site-a\n    sink: wireguard\n    interface: wg0\n"
          "    public_key: " ZERO_KEY "\n",
          "interface and public_key must" },
        { "peers:\n  - peer: site-a\n    sink: wireguard\n    interface: wg0\n"
          "    public_key: " WG_KEY "\n    handshake_late_s: 161\n",
          "handshake_late_s" },
        { "peers:\n  - peer: site-a\n    sink: wireguard\n    interface: a/b\n"
          "    public_key: " WG_KEY "\n",
          "interface and public_key must" },
        { "peers:\n  - peer: site-a\n    sink: wireguard\n    interface: wg0\n"
          "    public_key: " WG_KEY "\n  - peer: site-a0\n    sink: wireguard\n"
          "    interface: wg0\n    public_key: " WG_KEY "\n",
          "its WireGuard peer is another's too" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n    file: f\n    hard_s: 3600\n",
          "hard_s must be more than rekey_s" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n    file: f\n"
          "  - peer: site-a\n    sink: psk-file\n    file: g\n",
          "site-a/main: given twice" },
        { "peers:\n  - peer: site-a\n    sink: psk-file\n    file: f\n"
          "  - peer: site-a0\n    sink: psk-file\n    file: f\n",
          "site-a0/main: its file is another's too" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings settings = { .peer_count = 4711 };
        char error[QW_CONFIG_ERROR_CAP] = "";

        assert_int_equal(read_text(rows[i].peers, &settings, error), QW_ERR_FORMAT);
        if (strstr(error, rows[i].says) == NULL) {
            fail_msg("\"%s\" instead of \"%s\"", error, rows[i].says);
        }
        assert_int_equal(settings.peer_count, 4711);
    }
}

static void parts_of_one_file_stand_in_one_folder(void **state)
{
    static const char *const joined[] = { "j", "j.psk", "d/j", "e/j.psk", "d/e/j.psk" };

    (void)state;
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        struct settings settings;
        char error[QW_CONFIG_ERROR_CAP] = "";
        char text[400];

        snprintf(text, sizeof text,
                 "peers:\n  - peer: site-a\n    sink: psk-file\n    file: d/a.psk\n    joined: %s\n"
                 "  - peer: site-a0\n    sink: psk-file\n    file: d/a0.psk\n    joined: %s\n",
                 joined[i], joined[i]);
        assert_int_equal(read_text(text, &settings, error), QW_OK);
        assert_string_equal(settings.peers[1].joined, joined[i]);
        settings_free(&settings);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_peers_stand_in_one_file_with_their_roles_and_defaults),
        cmocka_unit_test(entries_that_cannot_work_are_named),
        cmocka_unit_test(parts_of_one_file_stand_in_one_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
