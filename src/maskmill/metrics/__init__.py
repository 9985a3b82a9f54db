"""Metrics: how well detections agree with ground truth, over columns."""
