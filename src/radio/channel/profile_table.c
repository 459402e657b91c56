/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of channels. TGn: tap powers, angles of arrival and angular spreads of the clusters of
 * models A to F without line of sight [Erceg 2004]. TDL: full tables of the tapped delay lines A to
 * E, not the reduced ones of conformance tests [3GPP 38.901 7.7.2]; D and E with the steady part of
 * their first tap. The numbers were taken from published implementations that agree with each
 * other; their rms delay spreads are those that the documents name (tested). */
#include "radio/channel/profile_table.h"

#define NS 1e-9

/* clang-format off */
static const struct qw_channel_delay_table tgn_a_delays = { .count = 1, .unit_s = NS, .delay = { 0 } };
static const struct qw_channel_cluster tgn_a[] = {
    { 0, 1, 45.0, 40.0, { 0.0 } },
};

static const struct qw_channel_delay_table tgn_b_delays = { .count = 9, .unit_s = NS,
    .delay = { 0, 10, 20, 30, 40, 50, 60, 70, 80 } };
static const struct qw_channel_cluster tgn_b[] = {
    { 0, 5, 4.3, 14.4, { 0.0, -5.4, -10.8, -16.2, -21.7 } },
    { 2, 7, 118.4, 25.2, { -3.2, -6.3, -9.4, -12.5, -15.6, -18.7, -21.8 } },
};

static const struct qw_channel_delay_table tgn_c_delays = { .count = 14, .unit_s = NS,
    .delay = { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 110, 140, 170, 200 } };
static const struct qw_channel_cluster tgn_c[] = {
    { 0, 10, 290.3, 24.6, { 0.0, -2.1, -4.3, -6.5, -8.6, -10.8, -13.0, -15.2, -17.3, -19.5 } },
    { 6, 8, 332.3, 22.4, { -5.0, -7.2, -9.3, -11.5, -13.7, -15.8, -18.0, -20.2 } },
};

static const struct qw_channel_delay_table tgn_d_delays = { .count = 18, .unit_s = NS,
    .delay = { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 110, 140, 170, 200, 240, 290, 340, 390 } };
static const struct qw_channel_cluster tgn_d[] = {
    { 0, 16, 158.9, 27.7, { 0.0, -0.9, -1.7, -2.6, -3.5, -4.3, -5.2, -6.1, -6.9, -7.8, -9.0, -11.1,
                            -13.7, -16.3, -19.3, -23.2 } },
    { 10, 7, 320.2, 31.4, { -6.6, -9.5, -12.1, -14.7, -17.4, -21.9, -25.5 } },
    { 14, 4, 276.1, 37.4, { -18.8, -23.2, -25.2, -26.7 } },
};

static const struct qw_channel_delay_table tgn_e_delays = { .count = 18, .unit_s = NS,
    .delay = { 0, 10, 20, 30, 50, 80, 110, 140, 180, 230, 280, 330, 380, 430, 490, 560, 640, 730 } };
static const struct qw_channel_cluster tgn_e[] = {
    { 0, 15, 163.7, 35.8, { -2.6, -3.0, -3.5, -3.9, -4.5, -5.6, -6.9, -8.2, -9.8, -11.7, -13.9,
                            -16.1, -18.3, -20.5, -22.9 } },
    { 4, 12, 251.8, 41.6, { -1.8, -3.2, -4.5, -5.8, -7.1, -9.9, -10.3, -14.3, -14.7, -18.7, -19.9,
                            -22.4 } },
    { 8, 7, 80.0, 37.4, { -7.9, -9.6, -14.2, -13.8, -18.6, -18.1, -22.8 } },
    { 14, 4, 182.0, 40.3, { -20.6, -20.5, -20.7, -24.6 } },
};

static const struct qw_channel_delay_table tgn_f_delays = { .count = 18, .unit_s = NS,
    .delay = { 0, 10, 20, 30, 50, 80, 110, 140, 180, 230, 280, 330, 400, 490, 600, 730, 880, 1050 } };
static const struct qw_channel_cluster tgn_f[] = {
    { 0, 15, 315.1, 48.0, { -3.3, -3.6, -3.9, -4.2, -4.6, -5.3, -6.2, -7.1, -8.2, -9.5, -11.0,
                            -12.5, -14.3, -16.7, -19.9 } },
    { 4, 12, 180.4, 55.0, { -1.8, -2.8, -3.5, -4.4, -5.3, -7.4, -7.0, -10.3, -10.4, -13.8, -15.7,
                            -19.9 } },
    { 8, 7, 74.7, 42.0, { -5.7, -6.7, -10.4, -9.6, -14.1, -12.7, -18.5 } },
    { 12, 3, 251.5, 28.6, { -8.8, -13.3, -18.7 } },
    { 14, 2, 68.5, 30.7, { -12.9, -14.2 } },
    { 16, 2, 246.2, 38.2, { -16.3, -21.2 } },
};

static const struct qw_channel_delay_table tdl_a = { .count = 23,
    .delay = { 0.0, 0.3819, 0.4025, 0.5868, 0.4610, 0.5375, 0.6708, 0.5750, 0.7618, 1.5375, 1.8978,
               2.2242, 2.1718, 2.4942, 2.5119, 3.0582, 4.0810, 4.4579, 4.5695, 4.7966, 5.0066,
               5.3043, 9.6586 },
    .power_db = { -13.4, 0.0, -2.2, -4.0, -6.0, -8.2, -9.9, -10.5, -7.5, -15.9, -6.6, -16.7, -12.4,
                  -15.2, -10.8, -11.3, -12.7, -16.2, -18.3, -18.9, -16.6, -19.9, -29.7 } };
static const struct qw_channel_delay_table tdl_b = { .count = 23,
    .delay = { 0.0, 0.1072, 0.2155, 0.2095, 0.2870, 0.2986, 0.3752, 0.5055, 0.3681, 0.3697, 0.5700,
               0.5283, 1.1021, 1.2756, 1.5474, 1.7842, 2.0169, 2.8294, 3.0219, 3.6187, 4.1067,
               4.2790, 4.7834 },
    .power_db = { 0.0, -2.2, -4.0, -3.2, -9.8, -1.2, -3.4, -5.2, -7.6, -3.0, -8.9, -9.0, -4.8, -5.7,
                  -7.5, -1.9, -7.6, -12.2, -9.8, -11.4, -14.9, -9.2, -11.3 } };
static const struct qw_channel_delay_table tdl_c = { .count = 24,
    .delay = { 0.0, 0.2099, 0.2219, 0.2329, 0.2176, 0.6366, 0.6448, 0.6560, 0.6584, 0.7935, 0.8213,
               0.9336, 1.2285, 1.3083, 2.1704, 2.7105, 4.2589, 4.6003, 5.4902, 5.6077, 6.3065,
               6.6374, 7.0427, 8.6523 },
    .power_db = { -4.4, -1.2, -3.5, -5.2, -2.5, 0.0, -2.2, -3.9, -7.4, -7.1, -10.7, -11.1, -5.1,
                  -6.8, -8.7, -13.2, -13.9, -13.9, -15.8, -17.1, -16.0, -15.7, -21.6, -22.8 } };
static const struct qw_channel_delay_table tdl_d = { .count = 13,
    .delay = { 0.0, 0.035, 0.612, 1.363, 1.405, 1.804, 2.596, 1.775, 4.042, 7.937, 9.424, 9.708,
               12.525 },
    .power_db = { -13.5, -18.8, -21.0, -22.8, -17.9, -20.1, -21.9, -22.9, -27.8, -23.6, -24.8,
                  -30.0, -27.7 } };
static const struct qw_channel_delay_table tdl_e = { .count = 14,
    .delay = { 0.0, 0.5133, 0.5440, 0.5630, 0.5440, 0.7112, 1.9092, 1.9293, 1.9589, 2.6426, 3.7136,
               5.4524, 12.0034, 20.6519 },
    .power_db = { -22.03, -15.8, -18.1, -19.8, -22.9, -22.4, -18.6, -20.8, -22.6, -22.3, -25.6,
                  -20.2, -29.8, -29.2 } };

#define CLUSTERS(table) table, sizeof table / sizeof table[0]
#define WALK 1.5, 0.0, 0.0, QW_CHANNEL_WALK

const struct qw_channel_kind qw_channel_kinds[] = {
    { "tgn-a", "IEEE TGn model A, flat", 0.0, false, WALK, &tgn_a_delays, CLUSTERS(tgn_a) },
    { "tgn-b", "IEEE TGn model B, home, 15 ns", 15 * NS, false, WALK, &tgn_b_delays, CLUSTERS(tgn_b) },
    { "tgn-c", "IEEE TGn model C, small office, 30 ns", 30 * NS, false, WALK, &tgn_c_delays, CLUSTERS(tgn_c) },
    { "tgn-d", "IEEE TGn model D, office, 50 ns", 50 * NS, false, WALK, &tgn_d_delays, CLUSTERS(tgn_d) },
    { "tgn-e", "IEEE TGn model E, large office, 100 ns", 100 * NS, false, WALK, &tgn_e_delays, CLUSTERS(tgn_e) },
    { "tgn-f", "IEEE TGn model F, large space, 150 ns", 150 * NS, false, WALK, &tgn_f_delays, CLUSTERS(tgn_f) },
    { "tdl-a", "3GPP TR 38.901 TDL-A", 30 * NS, true, WALK, &tdl_a, NULL, 0 },
    { "tdl-b", "3GPP TR 38.901 TDL-B", 100 * NS, true, WALK, &tdl_b, NULL, 0 },
    { "tdl-c", "3GPP TR 38.901 TDL-C", 100 * NS, true, WALK, &tdl_c, NULL, 0 },
    { "tdl-d", "3GPP TR 38.901 TDL-D, line of sight", 100 * NS, true,
      1.5, 21.379620895, 0.0, QW_CHANNEL_WALK, &tdl_d, NULL, 0 }, /* -0.2 dB over -13.5 dB */
    { "tdl-e", "3GPP TR 38.901 TDL-E, line of sight", 100 * NS, true,
      1.5, 158.489319246, 0.0, QW_CHANNEL_WALK, &tdl_e, NULL, 0 }, /* -0.03 dB over -22.03 dB */
    { "exponential", "exponential delay profile", 50 * NS, true, WALK, NULL, NULL, 0 },
    { "rayleigh", "one tap, Clarke/Jakes", 0.0, false, WALK, NULL, NULL, 0 },
    { "rician", "one tap with a steady part, K = 6 dB", 0.0, false,
      1.5, 3.981071706, 0.0, QW_CHANNEL_WALK, NULL, NULL, 0 },
    { "indoor", "walking in an office without line of sight", 50 * NS, true, WALK, NULL, NULL, 0 },
    { "corridor", "walking in a corridor in sight, K = 6 dB in the first tap", 30 * NS, true,
      1.5, 4.0, 0.0, QW_CHANNEL_WALK, NULL, NULL, 0 },
    { "outdoor", "walking outdoors in sight, K = 3 dB in the first tap", 120 * NS, true,
      1.5, 2.0, 0.0, QW_CHANNEL_WALK, NULL, NULL, 0 },
    { "room", "both ends lie still, people sit and shift", 50 * NS, true,
      0.03, 0.0, 0.926, QW_CHANNEL_PEOPLE, NULL, NULL, 0 },
    { "static", "nothing moves", 50 * NS, true, 0.0, 0.0, 0.0, QW_CHANNEL_WALK, NULL, NULL, 0 },
    { NULL, NULL, 0.0, false, 0.0, 0.0, 0.0, QW_CHANNEL_WALK, NULL, NULL, 0 },
};
/* clang-format on */
