/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_print.h"

#include <inttypes.h>

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

void ledger_print(FILE *stream, const struct qw_plkg_ledger *l)
{
    fprintf(stream, "  probe pairs sent               %10" PRIu64 "\n", l->probes);
    fprintf(stream,
            "  heard at both ends             %10" PRIu64
            "   of which disclosed to estimate the channel: %" PRIu64 "\n",
            l->pairs, l->disclosed_pairs);
    fprintf(stream,
            "  key string, raw bits           %10" PRIu64 "   from %" PRIu64
            " coefficients at %.1f dB\n",
            l->raw_bits, l->coefficients, l->snr_db);
    fprintf(stream,
            "  entropy, eavesdropper credited %10.0f   with correlation %.2f and with the past\n",
            l->entropy_bits, l->eve_correlation);
    fprintf(stream, "  - finite size                  %10.0f\n", l->finite_size_bits);
    fprintf(stream, "  - said to correct errors       %10" PRIu64 "   in %u extra rounds\n",
            l->reconciliation_bits, l->more_rounds);
    fprintf(stream, "  - said to verify, to select    %10" PRIu64 "\n",
            l->verification_bits + l->selection_bits);
    fprintf(stream, "  - privacy amplification        %10.0f\n", l->amplification_bits);
    fprintf(stream,
            "  = secret bits                  %10" PRIu64 "   failure probability at most 2^%.1f\n",
            l->secret_bits, l->epsilon_log2);
    fprintf(stream, "  authentication bits spent      %10" PRIu64 "\n", l->auth_bits);
    fprintf(stream,
            "  channel time                   %10.1f s net rate %.0f bit/s, %.2f %% of the "
            "airtime, %" PRIu64 " messages\n",
            l->channel_time_s, ledger_net_rate_bps(l), 100 * l->airtime_share, l->messages);
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
            ",\"coefficients\":%" PRIu64 ",\"snr_db\":%.2f,\"raw_bits\":%" PRIu64
            ",\"entropy_bits\":%.1f,\"finite_size_bits\":%.1f,"
            "\"reconciliation_bits\":%" PRIu64 ",\"verification_bits\":%" PRIu64
            ",\"selection_bits\":%" PRIu64,
            l->probes, l->pairs, l->disclosed_pairs, l->coefficients, l->snr_db, l->raw_bits,
            l->entropy_bits, l->finite_size_bits, l->reconciliation_bits, l->verification_bits,
            l->selection_bits);
    fprintf(stream,
            ",\"amplification_bits\":%.1f,\"secret_bits\":%" PRIu64 ",\"auth_bits\":%" PRIu64
            ",\"epsilon_log2\":%.2f,\"eve_correlation\":%.3f,\"channel_time_s\":%.3f,\"airtime_"
            "share\":%.5f,\"messages\":%" PRIu64 ",\"message_bytes\":%" PRIu64
            ",\"more_rounds\":%u,\"net_rate_bps\":%.1f,\"simulated\":%s,\"refusal\":\"%s\"}",
            l->amplification_bits, l->secret_bits, l->auth_bits, l->epsilon_log2,
            l->eve_correlation, l->channel_time_s, l->airtime_share, l->messages, l->message_bytes,
            l->more_rounds, ledger_net_rate_bps(l), l->is_simulated ? "true" : "false",
            qw_plkg_refusal_name((enum qw_plkg_refusal)l->refusal));
}
