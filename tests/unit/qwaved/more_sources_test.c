/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/more_sources.h"
#include "source/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sources that are named and nothing else, in place of those in source/open.c (tests.cmake). */
static unsigned opened, closed;

static size_t available_bits(void *self)
{
    (void)self;
    return 4096;
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    (void)self;
    memset(key, 7, len);
    return QW_OK;
}

static void close_one(void *self)
{
    (void)self;
    closed++;
}

qw_err source_open(const struct settings *settings, const struct qw_log *log,
                   struct qw_key_source *source, struct link_pads **pads,
                   char reason[static QW_CONFIG_ERROR_CAP])
{
    (void)log;
    *pads = NULL;
    reason[0] = '\0';
    if (strcmp(settings->source_name, "broken") == 0) {
        return QW_ERR_IO;
    }
    opened++;
    *source = (struct qw_key_source){ .available_bits = available_bits,
                                      .take = take,
                                      .close = close_one };
    (void)snprintf(source->name, sizeof source->name, "%d:%s", settings->source,
                   settings->source_name);
    return QW_OK;
}

static struct more_sources more;
static char error[QW_CONFIG_ERROR_CAP];

static void write_file(char path[static 40], const char *text)
{
    int fd;
    FILE *file;

    strcpy(path, "/tmp/qwave-more-sources-XXXXXX");
    fd = mkstemp(path);
    file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
}

static qw_err read_text(const char *text)
{
    char path[40];
    qw_err err;

    write_file(path, text);
    error[0] = '\0';
    err = more_sources_read(path, &more, error);
    unlink(path);
    return err;
}

static qw_err open_text(const char *text, const char *first)
{
    struct qw_log log = { .stream = fopen("/dev/null", "w"), .component = "test" };
    char path[40];
    qw_err err;

    write_file(path, text);
    err = more_sources_open(path, first, &log, &more);
    unlink(path);
    fclose(log.stream);
    return err;
}

static const char two[] = "sources:\n"
                          "  - source: qkd\n"
                          "    source_name: north\n"
                          "    source_path: /run/north.sock\n"
                          "    source_light: real\n"
                          "  - {source: kernel}\n";

static void items_are_read_in_their_order_with_the_usual_defaults(void **state)
{
    (void)state;
    assert_int_equal(read_text(two), QW_OK);
    assert_int_equal(more.count, 2);
    assert_int_equal(more.item[0].source, SOURCE_QKD);
    assert_string_equal(more.item[0].source_name, "north");
    assert_string_equal(more.item[0].source_path, "/run/north.sock");
    assert_int_equal(more.item[0].source_light, 1);
    assert_int_equal(more.item[1].source, SOURCE_KERNEL);
    assert_string_equal(more.item[1].source_name, "");
    assert_int_equal(more.item[1].source_light, 0);
    assert_int_equal(read_text("sources: []\n"), QW_OK);
    assert_int_equal(more.count, 0);
}

static void items_that_make_no_sense_are_refused_with_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "sources:\n  - {source: best}\n", "device, kernel" },
        { "sources:\n  - {source_name: north}\n", "device, kernel" },
        { "sources:\n  - {source: qkd, source_name: north}\n", "source_path" },
        { "sources:\n  - {source: kme, source_path: f}\n", "source_name" },
        { "sources:\n  - {source: lottery}\n", "source" },
        { "sources:\n  - {source: kernel, stock_keys: 5}\n", "stock_keys" },
        { "sources:\n  - {source: kernel, source_partner: b}\n", "source_partner" },
        { "stock_keys: 5\n", "stock_keys" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(bad[i].text), QW_ERR_FORMAT);
        assert_non_null(strstr(error, bad[i].says));
    }
    assert_int_equal(more_sources_read("/tmp/qwave-no-such-file", &more, error), QW_ERR_NOT_FOUND);
}

static void there_are_at_most_seven(void **state)
{
    char text[1024] = "sources:\n";

    (void)state;
    for (int i = 0; i < QW_SOURCES_MAX - 1; i++) {
        strcat(text, "  - {source: kernel}\n");
    }
    assert_int_equal(read_text(text), QW_OK);
    assert_int_equal(more.count, 7);
    strcat(text, "  - {source: kernel}\n");
    assert_int_equal(read_text(text), QW_ERR_FORMAT);
}

static void they_are_opened_shut_and_closed(void **state)
{
    uint8_t key[32];

    (void)state;
    opened = closed = 0;
    assert_int_equal(open_text(two, "0:"), QW_OK);
    assert_int_equal(more.count, 2);
    assert_string_equal(more.list[0]->name, "3:north");
    assert_string_equal(more.list[1]->name, "1:");
    assert_int_equal(more.list[1]->take(more.list[1]->self, key, sizeof key), QW_OK);
    more_sources_shut(&more);
    assert_int_equal(more.list[0]->take(more.list[0]->self, key, sizeof key), QW_ERR_CLOSED);
    more_sources_close(&more);
    assert_int_equal(closed, opened);
    more_sources_close(&more);
    assert_int_equal(closed, 2);
}

static void a_source_that_is_there_twice_or_does_not_open_is_refused(void **state)
{
    (void)state;
    opened = closed = 0;
    assert_int_equal(open_text(two, "1:"), QW_ERR_FORMAT);
    more_sources_close(&more);
    assert_int_equal(open_text("sources:\n  - {source: kernel}\n  - {source: kernel}\n", "0:"),
                     QW_ERR_FORMAT);
    more_sources_close(&more);
    assert_int_equal(open_text("sources:\n  - {source: kernel}\n"
                               "  - {source: kme, source_name: broken, source_path: f}\n",
                               "0:"),
                     QW_ERR_IO);
    more_sources_close(&more);
    assert_int_equal(opened, closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_read_in_their_order_with_the_usual_defaults),
        cmocka_unit_test(items_that_make_no_sense_are_refused_with_what_is_wrong),
        cmocka_unit_test(there_are_at_most_seven),
        cmocka_unit_test(they_are_opened_shut_and_closed),
        cmocka_unit_test(a_source_that_is_there_twice_or_does_not_open_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
