/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd_link/qkd_report.h"

#include "api/json_writer.h"

#include <inttypes.h>
#include <stdio.h>

enum { JSON_CAP = 4096 };

void qkd_report_add(struct qkd_report *r, const struct qw_qkd_ledger *l, int64_t cpu_ns,
                    int64_t wall_ms)
{
    r->blocks++;
    r->sifted_bits += l->x_bits;
    r->test_bits += l->z_bits;
    r->clicks += l->clicks;
    r->click_bytes += l->click_bytes;
    r->reconciliation_bits += l->reconciliation_bits;
    r->verification_bits += l->verification_bits;
    r->secret_bits += l->secret_bits / 8 * 8;
    r->auth_bits += l->auth_bits;
    r->refilled_bits += l->refilled_bits;
    r->key_bits += l->key_bits / 8 * 8;
    r->pool_tags = l->pool_tags;
    r->round_trips += l->round_trips;
    r->message_bytes += l->message_bytes;
    r->errors += l->qber_x * (double)l->x_bits;
    if (r->blocks == 1) {
        r->pool_epsilon = l->epsilon_pool;
        r->epsilon = l->epsilon_pool;
    }
    r->epsilon += l->key.epsilon_secrecy + l->epsilon_correctness + l->epsilon_authentication;
    r->cpu_ns += cpu_ns;
    r->wall_ms += wall_ms;
    r->last = *l;
}

static double per(double amount, double unit)
{
    return unit > 0 ? amount / unit : 0;
}

static double efficiency(const struct qkd_report *r)
{
    double qber = per(r->errors, (double)r->sifted_bits);

    return per((double)r->reconciliation_bits, (double)r->sifted_bits * qw_binary_entropy(qber));
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_sums(struct qw_json_writer *w, const struct qkd_report *r)
{
    write_uint(w, "blocks", r->blocks);
    write_uint(w, "sifted_bits", r->sifted_bits);
    write_uint(w, "test_bits", r->test_bits);
    write_uint(w, "clicks", r->clicks);
    write_real(w, "bits_per_click", per(8 * (double)r->click_bytes, (double)r->clicks));
    write_real(w, "qber", per(r->errors, (double)r->sifted_bits));
    write_uint(w, "reconciliation_bits", r->reconciliation_bits);
    write_real(w, "efficiency_f", efficiency(r));
    write_uint(w, "round_trips", r->round_trips);
    write_uint(w, "verification_bits", r->verification_bits);
    write_uint(w, "secret_bits", r->secret_bits);
    write_uint(w, "auth_bits", r->auth_bits);
    write_uint(w, "refilled_bits", r->refilled_bits);
    write_uint(w, "key_bits", r->key_bits);
    write_uint(w, "pool_tags", r->pool_tags);
    qw_json_name(w, "net_bits");
    qw_json_int(w, (int64_t)r->secret_bits - (int64_t)r->auth_bits);
    write_uint(w, "centre_bits", r->centre_bits);
    write_uint(w, "dropped_bits", r->dropped_bits);
    write_uint(w, "message_bytes", r->message_bytes);
    write_real(w, "epsilon", r->epsilon);
    write_real(w, "pool_epsilon", r->pool_epsilon);
    write_real(w, "cpu_s", (double)r->cpu_ns / 1e9);
    write_real(w, "wall_s", (double)r->wall_ms / 1e3);
    write_real(w, "sifted_mbps", per((double)r->sifted_bits * 1e3, (double)r->cpu_ns));
    write_real(w, "sifted_wall_mbps", per((double)r->sifted_bits / 1e3, (double)r->wall_ms));
}

static void write_last(struct qw_json_writer *w, const struct qw_qkd_ledger *l)
{
    qw_json_name(w, "last_block");
    qw_json_object_begin(w);
    write_uint(w, "block", l->block);
    write_uint(w, "pulses", l->pulses);
    write_uint(w, "block_clicks", l->clicks);
    write_real(w, "gain", l->gain);
    write_real(w, "qber_test", l->qber_z);
    write_real(w, "qber_key", l->qber_x);
    write_real(w, "vacuum_clicks", l->key.vacuum_x);
    write_real(w, "single_photon_clicks", l->key.single_x);
    write_real(w, "phase_error_rate", l->key.phase_error_rate);
    write_real(w, "composition_bits", l->key.composition_bits);
    write_uint(w, "block_secret_bits", l->secret_bits);
    write_real(w, "epsilon_secrecy", l->key.epsilon_secrecy);
    write_real(w, "epsilon_correctness", l->epsilon_correctness);
    write_real(w, "epsilon_authentication", l->epsilon_authentication);
    write_real(w, "epsilon_pool", l->epsilon_pool);
    qw_json_object_end(w);
}

static void print_json(const struct qkd_report *r, const char *end, qw_err err)
{
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "end");
    qw_json_text(&w, end);
    qw_json_name(&w, "simulated");
    qw_json_bool(&w, true);
    qw_json_name(&w, "error");
    qw_json_text(&w, qw_err_text(err));
    qw_json_name(&w, "refusal");
    qw_json_text(&w, qw_qkd_refusal_name((enum qw_qkd_refusal)r->last.refusal));
    write_sums(&w, r);
    write_last(&w, &r->last);
    qw_json_object_end(&w);
    if (qw_json_done(&w)) {
        printf("%s\n", text);
    }
}

static void print_table(const struct qkd_report *r)
{
    printf("%" PRIu64 " blocks, simulated light: %" PRIu64 " clicks, %" PRIu64
           " sifted bits, %.2f %% errors\n",
           r->blocks, r->clicks, r->sifted_bits, 100 * per(r->errors, (double)r->sifted_bits));
    printf("  said to reconcile   %12" PRIu64 " bits, %.3f of Shannon, %" PRIu64 " round trips\n",
           r->reconciliation_bits, efficiency(r), r->round_trips);
    printf("  said to verify      %12" PRIu64 " bits\n", r->verification_bits);
    printf("  secret              %12" PRIu64 " bits, all together but for %.1e\n", r->secret_bits,
           r->epsilon);
    printf("  spent on tags       %12" PRIu64 " bits of the pool\n", r->auth_bits);
    printf("  back into the pool  %12" PRIu64 " bits; it holds %" PRIu64 " tags a direction\n",
           r->refilled_bits, r->pool_tags);
    printf("  key                 %12" PRIu64 " bits that left the link\n", r->key_bits);
    printf("  net                 %12" PRId64 " bits\n",
           (int64_t)r->secret_bits - (int64_t)r->auth_bits);
    printf("  speed               %12.1f Mb/s sifted per processor, %.1f by the clock\n",
           per((double)r->sifted_bits * 1e3, (double)r->cpu_ns),
           per((double)r->sifted_bits / 1e3, (double)r->wall_ms));
}

void qkd_report_print(const struct qkd_report *r, const char *end, qw_err err, bool as_json)
{
    if (err != QW_OK) {
        const char *reason = qw_qkd_refusal_text((enum qw_qkd_refusal)r->last.refusal);

        fprintf(stderr, "qwave qkd %s: %s%s%s\n", end, qw_err_text(err),
                r->last.refusal != QW_QKD_NONE ? ": " : "",
                r->last.refusal != QW_QKD_NONE ? reason : "");
    }
    if (as_json) {
        print_json(r, end, err);
    } else if (r->blocks > 0) {
        print_table(r);
    }
}
