from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('causes', '0007_ends_that_people_set'),
    ]

    operations = [
        migrations.DeleteModel(
            name='Rendering',
        ),
        # The model was unmanaged: causes.database made the table.
        migrations.RunSQL('DROP TABLE IF EXISTS causes_rendering', migrations.RunSQL.noop),
    ]
