/* SPDX-License-Identifier: Apache-2.0 */
/* The way in, and the framing of ETSI's published interface code [docs/protocol/etsi004.md]. */
#include "conform/check_004.h"

#include "base/secret.h"

#include <string.h>

/* Offsets in a message. */
enum { AT_VERSION = 0, AT_SERVICE = 3, AT_LEN = 4, GET_LEN = 24, MESSAGE_CAP = 64 };

/* A whole GET_KEY for the line's stream; the length. */
static size_t make_get(const struct conform_line *line, uint32_t index, uint8_t *out)
{
    uint8_t payload[GET_LEN];

    memcpy(payload, line->ksid, QW_ETSI004_KSID_LEN);
    qw_store_u32be(payload + QW_ETSI004_KSID_LEN, index);
    qw_store_u32be(payload + QW_ETSI004_KSID_LEN + 4, CONFORM_METADATA_ROOM);
    return conform_message(out, QW_ETSI004_GET_REQUEST, payload, sizeof payload);
}

/* Both ends, and the message that asks for the first chunk: what is done to it is the check's. */
static bool prepare(struct conform_play *play, struct conform_line **master,
                    struct conform_line **slave, uint8_t *message, size_t *len)
{
    if (!conform_open_pair(play, &conform_qos, master, slave)) {
        return false;
    }
    *len = make_get(*master, 0, message);
    return true;
}

/* With TLS 1.3 a client may learn that it was refused at its first read only. */
static bool needs_a_certificate(struct conform_play *play)
{
    static const uint8_t nothing[QW_ETSI004_KSID_LEN] = { 1 };
    const struct conform_streams *server = play->server;
    uint8_t message[MESSAGE_CAP];
    size_t len = conform_message(message, QW_ETSI004_CLOSE_REQUEST, nothing, sizeof nothing);
    int line;
    qw_err err = server->connect(server->self, CONFORM_NOBODY, &line);

    if (err != QW_OK) {
        return true;
    }
    err = server->send(server->self, line, message, len);
    if (err == QW_OK) {
        err = server->receive(server->self, line, CONFORM_ANSWER_MS, play->frame,
                              sizeof play->frame, &play->len);
    }
    server->hang_up(server->self, line);
    if (err == QW_ERR_TIMEOUT) {
        return conform_play_wrong(play, "the connection is kept open");
    }
    return err != QW_OK ||
           conform_play_wrong(play, "somebody without a certificate gets an answer");
}

/* conform_answer looks at each answer's version and service. */
static bool answers_have_their_header(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk;
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have(play, master, 0, &chunk) && conform_close(play, master, master->ksid);

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool changed_byte_is_not_served(struct conform_play *play, size_t at, uint8_t value)
{
    struct conform_line *master, *slave;
    uint8_t message[MESSAGE_CAP];
    size_t len;

    if (!prepare(play, &master, &slave, message, &len)) {
        return false;
    }
    message[at] = value;
    return conform_send(play, master, message, len) &&
           conform_not_served(play, master, CONFORM_ANSWER_MS);
}

static bool another_version_is_not_served(struct conform_play *play)
{
    return changed_byte_is_not_served(play, AT_VERSION, 9);
}

static bool an_unknown_service_is_not_served(struct conform_play *play)
{
    return changed_byte_is_not_served(play, AT_SERVICE, 0x66);
}

static bool an_answer_is_no_request(struct conform_play *play)
{
    return changed_byte_is_not_served(play, AT_SERVICE, QW_ETSI004_GET_ANSWER);
}

/* The payload and its announced length, both too short by one byte or too long by some. */
static bool wrong_length_is_not_served(struct conform_play *play, int more)
{
    struct conform_line *master, *slave;
    uint8_t message[MESSAGE_CAP] = { 0 };
    size_t len;

    if (!prepare(play, &master, &slave, message, &len)) {
        return false;
    }
    len = (size_t)((int)len + more);
    qw_store_u32be(message + AT_LEN, (uint32_t)(len - QW_ETSI004_HEADER_LEN));
    return conform_send(play, master, message, len) &&
           conform_not_served(play, master, CONFORM_ANSWER_MS);
}

static bool a_truncated_payload_is_not_served(struct conform_play *play)
{
    return wrong_length_is_not_served(play, -1) && wrong_length_is_not_served(play, -GET_LEN);
}

static bool a_payload_with_more_behind_it_is_not_served(struct conform_play *play)
{
    return wrong_length_is_not_served(play, 8);
}

static bool a_huge_length_is_not_waited_for(struct conform_play *play)
{
    struct conform_line *master, *slave;
    uint8_t message[MESSAGE_CAP];
    size_t len;

    if (!prepare(play, &master, &slave, message, &len)) {
        return false;
    }
    memset(message + AT_LEN, 0xff, 4);
    return conform_send(play, master, message, len) &&
           conform_not_served(play, master, CONFORM_ANSWER_MS);
}

static bool single_bytes_are_put_together(struct conform_play *play)
{
    struct conform_line *master, *slave;
    uint8_t message[MESSAGE_CAP];
    size_t len;

    if (!prepare(play, &master, &slave, message, &len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!conform_send(play, master, message + i, 1)) {
            return false;
        }
    }
    return conform_answer(play, master, QW_ETSI004_GET_REQUEST) &&
           conform_status_is_one_of(play, "0");
}

static bool requests_that_come_together_are_answered_in_order(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    uint8_t messages[2 * MESSAGE_CAP];
    size_t len;
    bool ok = prepare(play, &master, &slave, messages, &len);

    if (ok) {
        len += make_get(master, 1, messages + len);
        ok = conform_send(play, master, messages, len);
    }
    for (uint32_t i = 0; ok && i < 2; i++) {
        ok = conform_answer(play, master, QW_ETSI004_GET_REQUEST) &&
             conform_status_is_one_of(play, "0") && conform_read_chunk(play, &chunk) &&
             (chunk.index == i || conform_play_wrong(play, "index %u first", chunk.index));
    }
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool half_a_message_holds_up_nobody(struct conform_play *play)
{
    struct conform_line *master, *slave, *halved;
    struct conform_chunk chunk = { .index = 0 };
    uint8_t message[MESSAGE_CAP];
    size_t len;
    bool ok = prepare(play, &master, &slave, message, &len) &&
              conform_connect(play, CONFORM_MASTER, &halved) &&
              conform_send(play, halved, message, len / 2) &&
              conform_have_both(play, master, slave, 0, &chunk);

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool half_a_message_is_not_waited_for(struct conform_play *play)
{
    struct conform_line *halved;
    uint8_t message[MESSAGE_CAP] = { 0 };

    conform_message(message, QW_ETSI004_GET_REQUEST, NULL, 0);
    qw_store_u32be(message + AT_LEN, GET_LEN);
    return conform_connect(play, CONFORM_MASTER, &halved) &&
           conform_send(play, halved, message, QW_ETSI004_HEADER_LEN / 2) &&
           conform_not_served(play, halved, CONFORM_HALF_MS);
}

/* clang-format off */
const struct conform_check_004 conform_frame_checks[] = {
    { { "F1", "TLS", true,  "who has no certificate gets no answer" }, needs_a_certificate },
    { { "F2", "framing", true,  "answers carry version 1 0 1 and the service behind the request's" }, answers_have_their_header },
    { { "F3", "framing", false, "another version is not served" }, another_version_is_not_served },
    { { "F4", "framing", false, "an unknown service is not served" }, an_unknown_service_is_not_served },
    { { "F5", "framing", false, "an answer is not taken for a request" }, an_answer_is_no_request },
    { { "F6", "framing", true,  "a payload that is too short is not served" }, a_truncated_payload_is_not_served },
    { { "F7", "framing", false, "a payload with more behind it is not served" }, a_payload_with_more_behind_it_is_not_served },
    { { "F8", "framing", false, "a message of 4 GiB is not waited for" }, a_huge_length_is_not_waited_for },
    { { "F9", "framing", true,  "a request that comes byte by byte is answered" }, single_bytes_are_put_together },
    { { "F10", "framing", false, "two requests that come together are answered in order" }, requests_that_come_together_are_answered_in_order },
    { { "F11", "framing", true,  "while half a request is there, others are served" }, half_a_message_holds_up_nobody },
    { { "F12", "framing", false, "half a request is not waited for longer than 35 s" }, half_a_message_is_not_waited_for },
    { .run = NULL },
};
/* clang-format on */
