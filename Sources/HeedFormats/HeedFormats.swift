// Sources of HeedFormats.
