"""Images for other programs: NIfTI, DICOM, BART and PNG, placed and scaled as the results say."""
