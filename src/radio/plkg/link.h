/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_LINK_H
#define QW_RADIO_PLKG_LINK_H

#include "crypto/hash.h"
#include "radio/plkg.h"
#include "radio/plkg/message.h"

/* One end of a session's discussion: numbers and frames messages, keeps the transcript that the
 * tags cover, counts what is said. */
struct qw_plkg_link {
    struct qw_wire *wire; /* borrowed */
    int timeout_ms;       /* longest wait for one message */
    uint8_t session_id[QW_PLKG_SESSION_ID_LEN];
    uint32_t sent, received;           /* counters of the next messages */
    enum qw_plkg_refusal peer_refusal; /* what the peer's REFUSE said; ORDERED: an ORDER came */
    uint16_t order_len;                /* then its bytes are in incoming, behind the header */
    bool is_counting;
    uint64_t messages, message_bytes; /* both directions, while counting */
    uint8_t *transcript;              /* every message but REFUSE and DATA, in order */
    size_t transcript_len, transcript_cap;
    uint8_t *incoming; /* [QW_WIRE_MESSAGE_MAX] the last message received */
};

/* QW_ERR_NOMEM. */
qw_err qw_plkg_link_new(struct qw_wire *wire, int timeout_ms,
                        struct qw_plkg_link **link) QW_MUST_USE;
void qw_plkg_link_free(struct qw_plkg_link *link); /* NULL is fine; does not close the wire */

/* One direction's authentication: hash key and the pads of its tags. Borrowed. */
struct qw_plkg_pads {
    const uint8_t *bytes;   /* [QW_PLKG_AUTH_LEN] */
    struct qw_bytes unsaid; /* secret: tag 0 covers it behind the transcript, nobody says it */
};
const uint8_t *qw_plkg_pads_key(struct qw_plkg_pads pads);
const uint8_t *qw_plkg_pads_tag(struct qw_plkg_pads pads, size_t index); /* < QW_PLKG_TAGS */

/* Sends the parts of a body in order. With pads, tag 0 over the transcript up to and including
 * this body follows it. */
qw_err qw_plkg_link_send(struct qw_plkg_link *link, enum qw_plkg_type type,
                         const struct qw_bytes *parts, size_t count,
                         const struct qw_plkg_pads *pads) QW_MUST_USE;

/* The next message, which must be of that type; *body is borrowed until the next call.
 * QW_ERR_REFUSED: the peer refused, see peer_refusal. QW_ERR_FORMAT. With pads, the last bytes of
 * the message must be the right tag 0 (QW_ERR_AUTH) and are not part of *body. */
qw_err qw_plkg_link_receive(struct qw_plkg_link *link, enum qw_plkg_type type,
                            const struct qw_plkg_pads *pads, const uint8_t **body, size_t *len,
                            int timeout_ms) QW_MUST_USE;

/* Says why nothing will come; failures are of no interest any more. */
void qw_plkg_link_refuse(struct qw_plkg_link *link, enum qw_plkg_refusal refusal);

/* Forgets the transcript: what follows has tags of its own. */
void qw_plkg_link_end_transcript(struct qw_plkg_link *link);

#endif
