/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W13 W15 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/plkg/gap.h"
#include "radio/sdr/radio_settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct settings {
    int64_t before;
    struct qw_radio_settings radio;
};

static const struct qw_config_row rows[] = { QW_RADIO_ROWS(struct settings, radio, "1", "0") };

static const char whole[] = "radio: soapy:driver=uhd,serial=1\nradio_frequency_mhz: 433.92\n"
                            "radio_gain_db: 30\nradio_send_gain_db: 10\nradio_may_send: true\n";

static struct settings settings;
static char error[QW_CONFIG_ERROR_CAP];
static char why[QW_CONFIG_WHY_CAP];

static qw_err read_text(const char *text)
{
    settings = (struct settings){ .before = 7 };
    return qw_config_parse("x.yaml", text, strlen(text), rows, sizeof rows / sizeof rows[0],
                           &settings, error);
}

static void an_air_when_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(read_text("{}\n"), QW_OK);
    assert_int_equal(settings.before, 7);
    assert_true(qw_radio_settings_is_air(&settings.radio));
    assert_int_equal(qw_radio_settings_check(&settings.radio, why), QW_OK);
    assert_false(settings.radio.may_send);
    assert_true(qw_radio_settings_interval_ms(&settings.radio) == 0.0);
}

static void a_software_radio_with_all_that_it_needs(void **state)
{
    struct qw_session_radio_config config;

    (void)state;
    assert_int_equal(read_text(whole), QW_OK);
    assert_int_equal(qw_radio_settings_check(&settings.radio, why), QW_OK);
    assert_string_equal(why, "");
    assert_false(qw_radio_settings_is_air(&settings.radio));
    config = qw_radio_settings_config(&settings.radio, qw_carrier_find("wifi40"), true);
    assert_string_equal(config.radio.args, "driver=uhd,serial=1");
    assert_true(fabs(config.radio.frequency_hz - 433.92e6) < 1.0);
    assert_true(config.radio.rate_hz == 40e6); /* the carrier's own */
    assert_true(config.radio.gain_db == 30.0 && config.radio.send_gain_db == 10.0);
    assert_null(config.radio.antenna);
    assert_null(config.radio.send_antenna);
    assert_true(config.is_terminal && config.station == 1 && config.peer == 0);
    assert_true(config.gap_s == 2e-3);
    assert_true(qw_radio_settings_interval_ms(&settings.radio) == 2.0 * QW_PLKG_GAPS_PER_INTERVAL);
}

static void what_else_can_be_said(void **state)
{
    struct qw_session_radio_config config;
    char text[1024];

    (void)state;
    (void)snprintf(text, sizeof text,
                   "%sradio_rate_hz: 2e6\nradio_antenna: RX2\nradio_send_antenna: TX/RX\n"
                   "radio_gap_ms: 0.5\nradio_station: 9\nradio_peer: 15\n",
                   whole);
    assert_int_equal(read_text(text), QW_OK);
    assert_int_equal(qw_radio_settings_check(&settings.radio, why), QW_OK);
    config = qw_radio_settings_config(&settings.radio, &qw_carriers[0], false);
    assert_true(config.radio.rate_hz == 2e6 && config.gap_s == 5e-4);
    assert_string_equal(config.radio.antenna, "RX2");
    assert_string_equal(config.radio.send_antenna, "TX/RX");
    assert_true(!config.is_terminal && config.station == 9 && config.peer == 15);
}

static void refuses(const char *text, const char *reason)
{
    assert_int_equal(read_text(text), QW_OK);
    assert_int_equal(qw_radio_settings_check(&settings.radio, why), QW_ERR_FORMAT);
    if (strstr(why, reason) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, reason);
    }
}

/* Above all: nobody sends by a default. */
static void what_is_missing(void **state)
{
#define RADIO "radio: soapy:driver=uhd\n"
#define RECEIVER "radio_frequency_mhz: 433.92\nradio_gain_db: 30\n"
    (void)state;
    refuses("radio: usrp\n", "radio is air, or soapy:");
    refuses("radio: 'soapy:'\n", "radio is air, or soapy:");
    refuses("radio: airs\n", "radio is air, or soapy:");
    refuses(RADIO, "radio_frequency_mhz and radio_gain_db");
    refuses(RADIO "radio_gain_db: 30\n", "radio_frequency_mhz and radio_gain_db");
    refuses(RADIO "radio_frequency_mhz: 433.92\n", "radio_frequency_mhz and radio_gain_db");
    refuses(RADIO RECEIVER, "by which you say that you may");
    refuses(RADIO RECEIVER "radio_may_send: true\n", "by which you say that you may");
    refuses(RADIO RECEIVER "radio_send_gain_db: 0\n", "by which you say that you may");
    refuses(RADIO RECEIVER "radio_may_send: true\nradio_send_gain_db: 0\nradio_rate_hz: 99999\n",
            "radio_rate_hz is 0 or");
    refuses(RADIO RECEIVER "radio_may_send: true\nradio_send_gain_db: 0\nradio_peer: 1\n",
            "are the same");
}

static void what_is_out_of_range(void **state)
{
    static const char *const wrong[] = {
        "radio: a\n",           "radio_frequency_mhz: nan\n", "radio_frequency_mhz: -1\n",
        "radio_rate_hz: 1e9\n", "radio_gain_db: 201\n",       "radio_may_send: perhaps\n",
        "radio_gap_ms: 0\n",    "radio_gap_ms: 101\n",        "radio_station: 16\n",
        "radio_peer: -1\n"
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_text(wrong[i]), QW_ERR_FORMAT);
        assert_non_null(strstr(error, "x.yaml:1: radio"));
    }
}

static void an_air_needs_no_library(void **state)
{
    static const struct qw_log log = { .level = QW_LOG_ERROR };
    struct qw_soapy soapy = { 0 };

    (void)state;
    assert_int_equal(read_text(""), QW_OK);
    assert_int_equal(qw_radio_settings_load(&settings.radio, &log, &soapy), QW_OK);
    assert_null(soapy.library);
    assert_int_equal(read_text(whole), QW_OK);
    if (qw_radio_settings_load(&settings.radio, &log, &soapy) == QW_OK) { /* if it is here */
        assert_non_null(soapy.library);
        qw_soapy_unload(&soapy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_air_when_nothing_is_said),
        cmocka_unit_test(an_air_needs_no_library),
        cmocka_unit_test(a_software_radio_with_all_that_it_needs),
        cmocka_unit_test(what_else_can_be_said),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(what_is_out_of_range),
    };

    return cmocka_run_group_tests_name("radio.sdr_radio_settings", tests, NULL, NULL);
}
