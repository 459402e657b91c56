/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/trace/lab_channel.h"

enum qw_csi_format lab_channel_format(const struct lab_channel *channel)
{
    return channel->medium != NULL ? channel->medium->format : channel->carrier->format;
}

struct qw_tuning lab_channel_tuning(const struct lab_channel *channel)
{
    return (struct qw_tuning){
        .carrier = qw_carrier_of_format(lab_channel_format(channel)),
        .access_point_antennas = (uint8_t)channel->access_point_antennas,
        .terminal_antennas = (uint8_t)channel->terminal_antennas,
        .bands = (uint8_t)channel->bands,
    };
}
