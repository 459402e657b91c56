/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SESSION_RADIO_H
#define QW_RADIO_SDR_SESSION_RADIO_H

#include "base/log.h"
#include "radio/csi_source.h"
#include "radio/sdr/soapy_prober.h"

/* A software radio as the front end of a session (docs/design/sdr.md, In a session) [W1 W13 W15].
 * The terminal's pilots go out by the device's clock; what the answer's time has passed without is
 * lost at once, whatever the computer's clock says. Amplitudes only: two devices share neither
 * clock nor phase. One antenna, one band, the carrier that it was opened with. */
struct qw_session_radio_config {
    struct qw_soapy_radio_config radio; /* can_send is taken for granted */
    const struct qw_carrier *carrier;   /* of Wi-Fi: the waveform */
    bool is_terminal;
    int station, peer; /* 0..15, not the same */
    double gap_s;      /* from a pilot to its answer, the same at both ends; 1e-4..0.1 */
};

/* Borrows soapy as long as the source is open. Errors and text as qw_soapy_prober_open. */
qw_err qw_session_radio_open(const struct qw_soapy *soapy,
                             const struct qw_session_radio_config *config,
                             struct qw_csi_source *source,
                             char text[static QW_SOAPY_TEXT_CAP]) QW_MUST_USE;

/* The same with the library itself, which stays loaded as long as the source is open. A program
 * holds it on its own account as well: drivers do not all survive being unloaded.
 * QW_ERR_UNAVAILABLE also: the library is not installed. */
qw_err qw_session_radio_start(const struct qw_session_radio_config *config,
                              struct qw_csi_source *source,
                              char text[static QW_SOAPY_TEXT_CAP]) QW_MUST_USE;

/* What the radio has counted so far, and the same as one line of a log; of a source that one of the
 * two above made. */
struct qw_soapy_counters qw_session_radio_counters(const struct qw_csi_source *source);
void qw_session_radio_log(const struct qw_csi_source *source, const struct qw_log *log);

#endif
