// Numbers the labels of a map in the order in which they are met.
#pragma once

#include <cstdint>

#include "cpu/buffer.h"

namespace maskmill {

class LabelTable {
 public:
  // `seed` makes the order of the slots unforeseeable, so that no map can be made to be slow.
  explicit LabelTable(uint64_t seed) : seed_(seed) { grow(64); }

  // Starts another map.
  void clear() {
    n_labels_ = 0;
    has_last_ = false;
    if (++round_ == 0) {  // after 2**32 maps: old slots would look new
      for (Slot& slot : slots_) slot.round = 0;
      round_ = 1;
    }
  }

  // The number of a label; a new one gets number_new(label).
  template <class NumberNew>
  uint32_t number(uint64_t label, const NumberNew& number_new) {
    if (has_last_ && label == last_label_) return last_number_;
    last_label_ = label;
    has_last_ = true;
    int64_t at = slot_of(label);
    while (slots_[at].round == round_ && slots_[at].label != label) at = (at + 1) & mask_;
    if (slots_[at].round == round_) return last_number_ = slots_[at].number;
    last_number_ = number_new(label);
    slots_[at] = {label, last_number_, round_};
    if (++n_labels_ * 2 > slots_.size()) grow(slots_.size() * 2);
    return last_number_;
  }

 private:
  struct Slot {
    uint64_t label;
    uint32_t number;
    uint32_t round;  // the slot is empty unless this is the round of the table
  };

  [[nodiscard]] int64_t slot_of(uint64_t label) const {
    uint64_t x = label ^ seed_;
    x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9U;
    return static_cast<int64_t>(x >> 20) & mask_;
  }

  void grow(int64_t n_slots) {
    const Buffer<Slot> old = std::move(slots_);
    slots_ = Buffer<Slot>(n_slots);
    for (Slot& slot : slots_) slot.round = 0;
    mask_ = n_slots - 1;
    for (const Slot& slot : old) {
      if (slot.round != round_) continue;
      int64_t at = slot_of(slot.label);
      while (slots_[at].round == round_) at = (at + 1) & mask_;
      slots_[at] = slot;
    }
  }

  uint64_t seed_;
  Buffer<Slot> slots_;
  int64_t mask_ = 0;
  int64_t n_labels_ = 0;
  uint32_t round_ = 1;
  bool has_last_ = false;
  uint64_t last_label_ = 0;
  uint32_t last_number_ = 0;
};

}  // namespace maskmill
