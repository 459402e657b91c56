/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_print.h"

#include "radio/onset.h"

#include <inttypes.h>
#include <stdarg.h>

uint64_t ledger_leaked_bits(const struct qw_plkg_ledger *ledger)
{
    return ledger->reconciliation_bits + ledger->verification_bits + ledger->selection_bits;
}

double ledger_net_rate_bps(const struct qw_plkg_ledger *ledger)
{
    if (ledger->secret_bits <= ledger->auth_bits || ledger->channel_time_s <= 0) {
        return 0;
    }
    return (double)(ledger->secret_bits - ledger->auth_bits) / ledger->channel_time_s;
}

/* One line of the account: a sign, a name, a number of bits, and what there is to say about it. */
static void line(FILE *stream, const char *name, double bits, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void line(FILE *stream, const char *name, double bits, const char *format, ...)
{
    va_list arguments;

    fprintf(stream, "  %-31s %9.0f   ", name, bits);
    va_start(arguments, format);
    vfprintf(stream, format, arguments);
    va_end(arguments);
    fprintf(stream, "\n");
}

void ledger_print(FILE *stream, const struct qw_plkg_ledger *l)
{
    line(stream, "probe pairs sent", (double)l->probes, "in %.1f s of channel time",
         l->channel_time_s);
    line(stream, "heard at both ends", (double)l->pairs,
         "%" PRIu64 " of them disclosed to estimate the channel; the ends agree to %.1f dB",
         l->disclosed_pairs, l->snr_db);
    if (l->compared_bits > 0) {
        line(stream, "disclosed bits that differ", (double)l->different_bits,
             "%.1f %% of %" PRIu64 " that both ends cut like the key string",
             100.0 * (double)l->different_bits / (double)l->compared_bits, l->compared_bits);
    }
    line(stream, "raw bits of the key string", (double)l->raw_bits, "from %" PRIu64 " coefficients",
         l->coefficients);
    line(stream, "entropy of the key string", l->entropy_bits,
         "given its past and an eavesdropper credited with correlation %.2f", l->eve_correlation);
    line(stream, "- finite size", l->finite_size_bits, "of a session that is not endless");
    line(stream, "- said to correct errors", (double)l->reconciliation_bits, "in %u extra rounds",
         l->more_rounds);
    line(stream, "- said to verify and to select",
         (double)(l->verification_bits + l->selection_bits), "check, and numbers from key data");
    line(stream, "- privacy amplification", l->amplification_bits, "leftover hash lemma");
    if (l->secret_bits > 0) {
        line(stream, "= secret bits", (double)l->secret_bits,
             "failing with probability 2^%.1f at most", l->epsilon_log2);
    } else {
        line(stream, "= secret bits", 0.0, "no key");
    }
    line(stream, "authentication bits spent", (double)l->auth_bits, "of the pool on the card");
    fprintf(stream,
            "  net rate %.0f bit/s on the channel's clock; %.2f %% of the airtime; %" PRIu64
            " messages\n",
            ledger_net_rate_bps(l), 100 * l->airtime_share, l->messages);
    if (l->onset == QW_PLKG_ONSET_NOT_MADE) {
        fprintf(stream,
                "  beginnings of frames against the rest: not made, whoever reacts to them is "
                "not looked for\n");
    } else {
        fprintf(stream,
                "  beginnings of frames against the rest: %s (%.1f deviations; who comes late is "
                "found above %.1f)\n",
                qw_plkg_onset_name((enum qw_plkg_onset)l->onset), l->onset_deviations,
                QW_ONSET_LIMIT);
    }
    if (l->refusal != QW_PLKG_NONE) {
        fprintf(stream, "  refused: %s (%s)\n",
                qw_plkg_refusal_text((enum qw_plkg_refusal)l->refusal),
                qw_plkg_refusal_name((enum qw_plkg_refusal)l->refusal));
    }
}

void ledger_print_json(FILE *stream, const struct qw_plkg_ledger *l)
{
    fprintf(stream,
            "{\"probes\":%" PRIu64 ",\"pairs\":%" PRIu64 ",\"disclosed_pairs\":%" PRIu64
            ",\"coefficients\":%" PRIu64 ",\"snr_db\":%.2f,\"compared_bits\":%" PRIu64
            ",\"different_bits\":%" PRIu64 ",\"raw_bits\":%" PRIu64
            ",\"entropy_bits\":%.1f,\"finite_size_bits\":%.1f,"
            "\"reconciliation_bits\":%" PRIu64 ",\"verification_bits\":%" PRIu64
            ",\"selection_bits\":%" PRIu64,
            l->probes, l->pairs, l->disclosed_pairs, l->coefficients, l->snr_db, l->compared_bits,
            l->different_bits, l->raw_bits, l->entropy_bits, l->finite_size_bits,
            l->reconciliation_bits, l->verification_bits, l->selection_bits);
    fprintf(stream,
            ",\"amplification_bits\":%.1f,\"secret_bits\":%" PRIu64 ",\"auth_bits\":%" PRIu64
            ",\"epsilon_log2\":%.2f,\"eve_correlation\":%.3f,\"channel_time_s\":%.3f,\"airtime_"
            "share\":%.5f,\"messages\":%" PRIu64 ",\"message_bytes\":%" PRIu64
            ",\"more_rounds\":%u,\"net_rate_bps\":%.1f,\"onset\":\"%s\",\"onset_deviations\":%.2f,"
            "\"simulated\":%s,\"refusal\":\"%s\"}",
            l->amplification_bits, l->secret_bits, l->auth_bits, l->epsilon_log2,
            l->eve_correlation, l->channel_time_s, l->airtime_share, l->messages, l->message_bytes,
            l->more_rounds, ledger_net_rate_bps(l),
            qw_plkg_onset_name((enum qw_plkg_onset)l->onset), l->onset_deviations,
            l->is_simulated ? "true" : "false",
            qw_plkg_refusal_name((enum qw_plkg_refusal)l->refusal));
}
