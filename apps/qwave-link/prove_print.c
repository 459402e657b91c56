/* SPDX-License-Identifier: Apache-2.0 */
#include "prove_print.h"

#include "api/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const gap_names[] = {
    [QW_GAP_NONE] = "delivered",
    [QW_GAP_NO_PPK] = "no PPK",
    [QW_GAP_NOT_DELIVERED] = "not delivered",
    [QW_GAP_PRF] = "suite not supported",
    [QW_GAP_ESP] = "suite not supported",
    [QW_GAP_IKE] = "suite not supported",
    [QW_GAP_LOG] = "not in the log",
    [QW_GAP_REKEYING] = "rekeying not opened",
};

qw_err prove_complain(const char *path, const char *what, qw_err err)
{
    fprintf(stderr, "qwave-link: %s: %s\n", path, what);
    return err;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

/* Down to a tenth of a percent: 100.0 stands for all and nothing less. */
static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)(part * 1000 / whole) / 10;
}

static void print_row(const struct qw_evidence_row *row)
{
    const struct qw_evidence_counts *counts = &row->counts;

    printf("%-36s %-19s %9zu %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "%s%s\n",
           row->ppk_id[0] == '\0' ? "-" : row->ppk_id, gap_names[row->gap], row->child_count,
           counts->packets, counts->opened, counts->opened_without, counts->cut,
           row->proposal[0] == '\0' ? "" : "  ", row->proposal);
}

/* What is not supported, by its name. */
static void print_suites(const struct qw_evidence_report *report)
{
    for (size_t i = 0; i < report->row_count; i++) {
        const struct qw_evidence_row *row = &report->rows[i];

        if (row->proposal[0] != '\0') {
            printf("%s is not supported, and %zu CHILD_SAs need it: what is, stands in "
                   "docs/operation/evidence.md\n",
                   row->proposal, row->child_count);
        }
    }
}

/* What stands in the way of the proof. */
static void print_obstacles(const struct qw_evidence_report *report)
{
    const struct qw_evidence_counts *total = &report->total;
    uint64_t whole = total->packets - total->cut;

    if (total->packets == 0) {
        printf("there is no ESP in the capture\n");
    }
    print_suites(report);
    if (report->unknown_packets > 0) {
        printf("%" PRIu64 " ESP packets of SAs that are not in the log, the first of SPI %08" PRIx32
               ": another tunnel, another run, or a log that began too late\n",
               report->unknown_packets, report->unknown_spi);
    }
    if (total->opened_without > 0) {
        printf("%" PRIu64 " ESP packets open without the delivered key\n", total->opened_without);
    }
    if (whole > total->opened) {
        printf("%" PRIu64 " whole ESP packets do not open with a delivered key\n",
               whole - total->opened);
    } else if (total->packets > 0 && report->unknown_packets == 0 && total->opened_without == 0) {
        printf("packets are cut in the capture, and of their SAs none opened\n");
    }
}

void prove_print_text(const struct qw_evidence_report *report)
{
    const struct qw_evidence_counts *total = &report->total;
    uint64_t whole = total->packets - total->cut;

    printf("%-36s %-19s %9s %9s %9s %9s %9s\n", "PPK_ID", "KEY", "CHILD_SAs", "PACKETS", "OPENED",
           "WITHOUT", "CUT");
    for (size_t i = 0; i < report->row_count; i++) {
        print_row(&report->rows[i]);
    }
    printf("whole ESP packets %" PRIu64 ": %" PRIu64
           " opened with the delivered keys (%.1f %%), %" PRIu64 " without (%.1f %%)\n",
           whole, total->opened, percent(total->opened, whole), total->opened_without,
           percent(total->opened_without, whole));
    if (report->is_truncated) {
        printf("the capture ends inside a packet\n");
    }
    if (report->is_proved) {
        printf("proved: every ESP packet depends on a delivered key\n");
    } else {
        printf("not proved:\n");
        print_obstacles(report);
    }
}

static void json_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void json_text(struct qw_json_writer *w, const char *name, const char *text)
{
    qw_json_name(w, name);
    qw_json_text(w, text);
}

static void json_counts(struct qw_json_writer *w, const struct qw_evidence_counts *counts)
{
    json_uint(w, "packets", counts->packets);
    json_uint(w, "cut", counts->cut);
    json_uint(w, "opened", counts->opened);
    json_uint(w, "opened_without", counts->opened_without);
}

static void json_report(struct qw_json_writer *w, const struct qw_evidence_report *report)
{
    uint64_t whole = report->total.packets - report->total.cut;

    qw_json_object_begin(w);
    qw_json_name(w, "is_proved");
    qw_json_bool(w, report->is_proved);
    json_counts(w, &report->total);
    qw_json_name(w, "opened_share");
    qw_json_real(w, share(report->total.opened, whole));
    qw_json_name(w, "opened_without_share");
    qw_json_real(w, share(report->total.opened_without, whole));
    json_uint(w, "unknown_spi_packets", report->unknown_packets);
    json_uint(w, "ike_packets", report->ike_packets);
    json_uint(w, "fragments", report->fragments);
    json_uint(w, "other_packets", report->other_packets);
    qw_json_name(w, "is_truncated");
    qw_json_bool(w, report->is_truncated);
    qw_json_name(w, "keys");
    qw_json_array_begin(w);
    for (size_t i = 0; i < report->row_count; i++) {
        const struct qw_evidence_row *row = &report->rows[i];

        qw_json_object_begin(w);
        json_text(w, "ppk_id", row->ppk_id);
        json_text(w, "key", gap_names[row->gap]);
        json_text(w, "suite", row->proposal);
        json_uint(w, "child_sas", row->child_count);
        json_uint(w, "child_sas_of_rekeyed_ike_sas", row->rekeyed_count);
        json_counts(w, &row->counts);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
    qw_json_object_end(w);
}

qw_err prove_print_json(const struct qw_evidence_report *report)
{
    enum { ROW_CAP = 256 + 12 * QW_CHARON_NAME_CAP, HEAD_CAP = 1024 }; /* all of it escaped */
    size_t cap = HEAD_CAP + report->row_count * ROW_CAP;
    char *text = malloc(cap);
    struct qw_json_writer w;
    qw_err err = QW_ERR_SPACE;

    if (text == NULL) {
        return QW_ERR_NOMEM;
    }
    w = qw_json_writer_on(text, cap);
    json_report(&w, report);
    if (qw_json_done(&w)) {
        printf("%s\n", text);
        err = QW_OK;
    }
    free(text);
    return err;
}
