// Every kernel: what is compiled for a device.
#pragma once

#include "kernels/combine.cuh"
#include "kernels/from_counts.cuh"
#include "kernels/from_strings.cuh"
#include "kernels/iou.cuh"
#include "kernels/measure.cuh"
#include "kernels/raster_items.cuh"
#include "kernels/rasterize.cuh"
#include "kernels/scan.cuh"
#include "kernels/strings.cuh"
