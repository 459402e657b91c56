/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/vici/swanctl_conf.h"
#include "link/vici/vici_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qw_swanctl_connection connection;
static char why[QW_SWANCTL_WHY_CAP];

static qw_err read_text(const char *text, size_t len, bool is_started_by_agent, const char *folder)
{
    char *copy = malloc(len == 0 ? 1 : len);
    struct qw_swanctl_source source = { .text = copy,
                                        .len = len,
                                        .folder = folder,
                                        .connection = "b",
                                        .is_started_by_agent = is_started_by_agent };
    qw_err err;

    assert_non_null(copy);
    memcpy(copy, text, len);
    why[0] = '\0';
    err = qw_swanctl_connection_read(&source, &connection, why);
    free(copy);
    return err;
}

/* What was read, as one line. */
static const char *told(void)
{
    static char text[1024];
    struct qw_vici_reader r = qw_vici_reader_on(connection.body, connection.len);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };
    size_t len = 0;

    text[0] = '\0';
    for (;;) {
        static const char *const marks[] = { "", "{", "} ", "=", "[", "", "] " };

        assert_int_equal(qw_vici_next(&r, &element), QW_OK);
        if (element.kind == QW_VICI_END) {
            return text;
        }
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%.*s%s", element.name,
                                marks[element.kind], (int)element.len,
                                element.value == NULL ? "" : (const char *)element.value,
                                element.value == NULL ? "" : ";");
        assert_true(len < sizeof text);
    }
}

static const char whole[] = "# a comment\n"
                            "include conf.d/*.conf\n"
                            "secrets { ike-1 { secret = \"x\" } }\n"
                            "connections {\n"
                            "  a { version = 1 \n children { other { } } }\n"
                            "  c : a { }\n"
                            "  b {\n"
                            "    version = 2   # why\n"
                            "    local_addrs = 192.0.2.1, 2001:db8::1\n"
                            "    unique = replace\n"
                            "    ppk_required = yes\n"
                            "    local { auth = psk\n id = \"O=A \\\"B\\\" # c\" }\n"
                            "    remote-2 { auth = pubkey }\n"
                            "    children {\n"
                            "      net { start_action = trap\n close_action = start\n remote_ts = "
                            "10.0.0.0/8\n mark_in = }\n"
                            "      two {\n}\n"
                            "    }\n"
                            "  }\n"
                            "}\n";

static void one_connection_of_a_file_is_taken_word_for_word(void **state)
{
    (void)state;
    assert_int_equal(read_text(whole, sizeof whole - 1, false, NULL), QW_OK);
    assert_string_equal(told(),
                        "version=2;local_addrs[192.0.2.1;2001:db8::1;] ppk_required=yes;"
                        "local{auth=psk;id=O=A \"B\" # c;} remote-2{auth=pubkey;} "
                        "children{net{start_action=trap;close_action=start;remote_ts[10.0.0.0/8;] "
                        "} two{} } ");
    assert_int_equal(connection.child_count, 2);
    assert_int_equal(connection.network_count, 2);
    assert_string_equal(connection.networks[0], "10.0.0.0/8");
    assert_string_equal(connection.networks[1], "dynamic");
    assert_string_equal(connection.children[0], "net");
    assert_string_equal(connection.children[1], "two");
}

static void networks_are_noted_without_their_ports(void **state)
{
    static const char text[] = "connections { b { ppk_required = yes\n children {\n"
                               "one { remote_ts = 10.0.0.0/8[tcp/80], 2001:db8::/32\n }\n"
                               "two { remote_ts = 10.0.0.1-10.0.0.9\n }\n } } }";
    char many[8192];
    int len;

    (void)state;
    assert_int_equal(read_text(text, sizeof text - 1, false, NULL), QW_OK);
    assert_int_equal(connection.network_count, 3);
    assert_string_equal(connection.networks[0], "10.0.0.0/8");
    assert_string_equal(connection.networks[1], "2001:db8::/32");
    assert_string_equal(connection.networks[2], "10.0.0.1-10.0.0.9");
    len = snprintf(many, sizeof many, "connections { b { ppk_required = yes\n children { one {\n");
    for (int i = 0; i < QW_SWANCTL_NETWORKS_MAX + 3; i++) {
        len += snprintf(many + len, sizeof many - (size_t)len, "remote_ts = 10.%d.0.0/16\n", i);
    }
    len += snprintf(many + len, sizeof many - (size_t)len, "} } } }");
    assert_int_equal(read_text(many, (size_t)len, false, NULL), QW_OK);
    assert_int_equal(connection.network_count, QW_SWANCTL_NETWORKS_MAX + 3);
}

static void what_the_agent_starts_does_not_start_itself(void **state)
{
    (void)state;
    assert_int_equal(read_text(whole, sizeof whole - 1, true, NULL), QW_OK);
    assert_null(strstr(told(), "_action"));
}

static void what_cannot_be_taken_is_refused_with_its_line(void **state)
{
#define IN(lines) "connections {\n b {\n" lines "\n} }\n"
#define GOOD "ppk_required = yes\n children { net { } }\n"
    static const struct {
        const char *text, *why;
    } odd[] = {
        { IN(GOOD "ppk_id = x"), "line 5: no ppk_id" },
        { IN("children { net { } }"), "must say ppk_required" },
        { IN("ppk_required = no\n children { net { } }"), "must say ppk_required" },
        { IN("ppk_required = yes"), "has no child" },
        { IN(GOOD "include x"), "no include inside" },
        { IN(GOOD "local : other { }"), "no reference" },
        { "connections { b : a { } }", "no reference" },
        { IN(GOOD) IN(GOOD), "twice" },
        { IN(GOOD "pools { }"), "no place" },
        { IN(GOOD "local { cert1 { file = x\n } }"), "no place" },
        { IN(GOOD "local { certs = x.pem\n }"), "no files" },
        { IN(GOOD "local {"), "does not end" },
        { "}", "an end without" },
        { "a", "neither a value" },
        { "= x", "a name is missing" },
        { "a = \"x", "a quote does not end" },
        { "a = \"x\\", "a quote does not end" },
        { "a = \"x\" y", "follows a quoted" },
        { "a = x\"y\"", "odd character" },
        { "a{b{c{d{e{f{g{h{i{j{k{}}}}}}}}}}}", "too deep" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_int_equal(read_text(odd[i].text, strlen(odd[i].text), false, NULL), QW_ERR_FORMAT);
        if (strstr(why, odd[i].why) == NULL) {
            fail_msg("%s: said \"%s\"", odd[i].text, why);
        }
    }
    assert_int_equal(read_text("", 0, false, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(read_text("connections { a { } }", 21, false, NULL), QW_ERR_NOT_FOUND);
}

static void every_cut_and_flipped_bit_is_survived(void **state)
{
    char text[sizeof whole];

    (void)state;
    for (size_t cut = 0; cut < sizeof whole - 2; cut++) { /* all but the last newline */
        assert_int_not_equal(read_text(whole, cut, false, NULL), QW_OK);
    }
    for (size_t bit = 0; bit < 8 * (sizeof whole - 1); bit++) {
        memcpy(text, whole, sizeof text);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (read_text(text, sizeof whole - 1, false, NULL) == QW_OK) {
            (void)told(); /* well-formed */
        }
    }
}

static void more_than_fits_is_refused(void **state)
{
    static char text[QW_SWANCTL_TEXT_MAX + 1];
    size_t len;

    (void)state;
    memset(text, ' ', sizeof text);
    assert_int_equal(read_text(text, sizeof text, false, NULL), QW_ERR_FORMAT);
    memset(text, 'n', 200);
    assert_int_equal(read_text(text, 200, false, NULL), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "a name is too long"));
    len = (size_t)snprintf(text, sizeof text, "a = ");
    memset(text + len, 'v', 5000);
    assert_int_equal(read_text(text, len + 5000, false, NULL), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "a value is too long"));
    len = (size_t)snprintf(text, sizeof text, "connections { b {\n" GOOD);
    while (len < 400000) {
        len += (size_t)snprintf(text + len, sizeof text - len, "version = %0999d\n", 2);
    }
    len += (size_t)snprintf(text + len, sizeof text - len, "} }");
    assert_int_equal(read_text(text, len, false, NULL), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "is too long"));
    len = (size_t)snprintf(text, sizeof text, "connections { b { children {\n");
    for (int i = 0; i <= QW_SWANCTL_CHILDREN_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "c%d { }\n", i);
    }
    assert_int_equal(read_text(text, len, false, NULL), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "too many children"));
}

static void certificates_are_read_where_swanctl_looks(void **state)
{
    static const char text[] = IN(GOOD "local { certs = one.pem\n }");
    char folder[] = "/tmp/qwave-swanctl-XXXXXX", path[64];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/x509", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(read_text(text, sizeof text - 1, false, folder), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "cannot be read"));
    (void)snprintf(path, sizeof path, "%s/x509/one.pem", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("CERT", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(read_text(text, sizeof text - 1, false, folder), QW_OK);
    assert_non_null(strstr(told(), "local{certs[CERT;] } "));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/x509", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_of_a_file_is_taken_word_for_word),
        cmocka_unit_test(networks_are_noted_without_their_ports),
        cmocka_unit_test(what_the_agent_starts_does_not_start_itself),
        cmocka_unit_test(what_cannot_be_taken_is_refused_with_its_line),
        cmocka_unit_test(every_cut_and_flipped_bit_is_survived),
        cmocka_unit_test(more_than_fits_is_refused),
        cmocka_unit_test(certificates_are_read_where_swanctl_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
